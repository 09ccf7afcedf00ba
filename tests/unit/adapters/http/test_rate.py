"""Nobody sends more than their rate: the bucket's arithmetic, and what the edge answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.http import rate
from shared.adapters.http.app import build_app
from shared.adapters.http.edge_errors import TooManyRequests
from shared.adapters.http.rate import SECOND, Limiter, Rate, draw
from shared.adapters.settings import Settings

rates = st.builds(Rate.of, st.floats(0.01, 1e6), st.integers(1, 1000))
pauses = st.lists(st.integers(0, 3 * SECOND), max_size=200)


@given(rates, st.integers(0, 2**62), pauses)
def test_never_more_than_the_burst_and_the_rate_times_the_time_pass(of, began, pauses):
    now, full_at, passed = began, began, []
    for pause in pauses:
        now += pause
        full_at, wait = draw(of, full_at, now)
        if not wait:
            passed.append(now)
    for nth, first in enumerate(passed):
        for count, last in enumerate(passed[nth:], start=1):
            assert count <= of.burst + (last - first) // of.interval


@given(rates, pauses)
def test_who_waits_as_long_as_told_is_let_through_and_a_nanosecond_before_is_not(of, pauses):
    now = full_at = 0
    for pause in pauses:
        now += pause
        full_at, wait = draw(of, full_at, now)
        if wait:
            assert draw(of, full_at, now + wait - 1)[1] == 1
            assert draw(of, full_at, now + wait)[1] == 0


@given(st.integers(1, 1000), st.integers(0, 10 * SECOND))
def test_a_caller_at_or_below_the_rate_is_never_refused(burst, more):
    of, now, full_at = Rate(SECOND, burst), 0, 0
    for _ in range(50):
        full_at, wait = draw(of, full_at, now)
        assert wait == 0
        now += SECOND + more


def test_a_silent_caller_saves_no_more_than_the_burst():
    limiter, clock = limited(1, 3)
    clock.now = 1000 * SECOND
    for _ in range(3):
        limiter.admit("u-1")
    with pytest.raises(TooManyRequests) as refused:
        limiter.admit("u-1")
    assert refused.value.seconds == 1
    limiter.admit("u-2")


def test_zero_a_second_counts_nobody():
    limiter = Limiter(Rate.of(0, 1))
    for _ in range(1000):
        limiter.admit("u-1")


def test_the_callers_remembered_are_bounded_and_the_one_silent_longest_goes(monkeypatch):
    monkeypatch.setattr(rate, "REMEMBERED_CALLERS", 2)
    limiter, _ = limited(1, 1)
    for caller in ("u-1", "u-2", "u-3"):
        limiter.admit(caller)
    for caller in ("u-2", "u-3"):
        with pytest.raises(TooManyRequests):
            limiter.admit(caller)
    limiter.admit("u-1")


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


def limited(per_second: float, burst: int) -> tuple[Limiter, Clock]:
    clock = Clock()
    return Limiter(Rate.of(per_second, burst), clock), clock


@pytest.fixture
async def strict(demo, tmp_path) -> AsyncIterator[httpx.AsyncClient]:
    """An application that lets three requests through and the next after ten seconds."""
    settings = Settings(data_dir=tmp_path / "data", requests_per_second=0.1, request_burst=3)
    transport = httpx.ASGITransport(build_app([demo], settings), client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def bearer(issuer, subject: str, tenant: str = "acme", role: str = "service_agent") -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token([role], tenant=tenant, subject=subject)}"}


async def test_above_the_rate_the_answer_is_429_with_retry_after_in_both_languages(strict, issuer):
    one = bearer(issuer, "u-1")
    for _ in range(3):
        assert (await strict.get("/api/v1/complaints", headers=one)).status_code == 200
    zh = await strict.get("/api/v1/complaints", headers=one)
    en = await strict.get("/api/v1/complaints", headers=one | {"Accept-Language": "en"})
    for answer in (zh, en):
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:suyuan:problem:too-many-requests"
    assert zh.json()["detail"] == "请求过多，请在 10 秒后重试"
    assert en.json()["detail"] == "Too many requests: try again in 10 s"


async def test_each_person_of_each_tenant_is_counted_apart_whatever_token_they_use(strict, issuer):
    for _ in range(3):
        await strict.get("/api/v1/complaints", headers=bearer(issuer, "u-1"))
    asked = [("u-1", "acme", "admin", 429), ("u-2", "acme", "admin", 200), ("u-1", "other", "admin", 200)]
    for subject, tenant, role, status in asked:
        answer = await strict.get("/api/v1/complaints", headers=bearer(issuer, subject, tenant, role))
        assert answer.status_code == status, (subject, tenant)


async def test_without_a_token_the_address_is_counted_and_it_takes_nothing_from_those_who_have_one(strict, issuer):
    statuses = [(await strict.get("/api/v1/complaints")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert (await strict.get("/")).status_code == 429
    assert (await strict.get("/api/v1/complaints", headers=bearer(issuer, "u-1"))).status_code == 200


async def test_probes_and_scrapers_are_never_refused(strict):
    for _ in range(5):
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await strict.get(path)).status_code == 200


async def test_the_document_says_413_429_and_503_once(strict):
    document = (await strict.get("/openapi.json")).json()
    post, get = (document["paths"]["/api/v1/complaints"][method]["responses"] for method in ("post", "get"))
    assert "413" not in get
    assert post["413"] == {"$ref": "#/components/responses/TooLarge"}
    for one in (post, get):
        assert one["429"] == {"$ref": "#/components/responses/TooManyRequests"}
        assert one["503"] == {"$ref": "#/components/responses/Unavailable"}
    for name in ("TooManyRequests", "Unavailable"):
        assert document["components"]["responses"][name]["headers"]["Retry-After"]["schema"]["minimum"] == 1
