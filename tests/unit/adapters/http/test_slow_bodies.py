"""A body that comes a byte at a time, or stops half way, is a 408 in both languages; a large one has its time."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.http import body_limits
from shared.adapters.http.body_limits import Timed
from shared.adapters.http.edge_errors import BodyTooSlow
from shared.adapters.settings import Settings

PATHS = {"/api/v1/complaints": b"application/json", "/api/v1/trace/import": b"text/csv"}


@pytest.fixture
def settings(settings) -> Settings:
    return settings.model_copy(update={"body_seconds": 0.2})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("pause", [0.02, 60])
async def test_a_body_that_does_not_end_is_refused_in_time(agent, path, pause):
    async def slow():
        for _ in range(1000):
            yield b" "
            await asyncio.sleep(pause)

    headers = {"Content-Type": PATHS[path].decode(), "Idempotency-Key": "k", "Accept-Language": "en"}
    answer = await asyncio.wait_for(agent.post(path, content=slow(), headers=headers), 5)
    assert (answer.status_code, answer.headers["Connection"]) == (408, "close")
    told = answer.json()
    assert (told["type"], told["title"]) == ("urn:suyuan:problem:body-too-slow", "The request took too long")


async def test_what_has_come_buys_time_for_the_rest_and_an_answer_may_take_its_own(monkeypatch):
    monkeypatch.setattr(body_limits, "LEAST_BYTES_PER_SECOND", 10)
    parts = iter([(b"x" * 100, True), (b"", True), (b"", False), (b"", False)])

    async def receive():
        await asyncio.sleep(0.15)
        body, more = next(parts)
        return {"type": "http.request", "body": body, "more_body": more}

    timed = Timed(receive, 0.2)
    assert [(await timed()).get("more_body") for _ in range(4)] == [True, True, False, False]
    with pytest.raises(BodyTooSlow):
        await Timed(receive, 0.01)()
