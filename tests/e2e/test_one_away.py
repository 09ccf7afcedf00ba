"""One service's database is down, or its process is: the others answer, what depends on it waits and catches up."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.embedded.databases import ServiceDatabase, ensure_service_database
from deploy.embedded.postgres import EmbeddedPostgres
from tests import faults
from tests.e2e.target import NAMED
from tests.inbound import FORM
from tests.published import eventually, settings_of
from tests.serving import Served, Serving, created, serving, urls

pytestmark = pytest.mark.skipif(NAMED is not None, reason="it ends processes of its own")

COMPLAINTS, INVESTIGATIONS, CAPAS = "/api/v1/complaints", "/api/v1/investigations", "/api/v1/capas"
OPENED = "investigation.InvestigationOpened"
BACK_SECONDS = 60.0


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """Open to Postgres' account, with a short path."""
    made = Path(tempfile.mkdtemp(prefix="suyuan-away-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@dataclass
class OwnPostgres:
    """A Postgres of one service's own, found at the same place after each start."""

    folder: Path
    postgres: EmbeddedPostgres

    async def start(self) -> None:
        await self.postgres.start()
        sockets = self.folder / "sockets"
        sockets.unlink(missing_ok=True)
        sockets.symlink_to(self.postgres.dsn("postgres", "postgres")["host"])

    async def kill(self) -> None:
        assert self.postgres.pid is not None
        os.kill(self.postgres.pid, signal.SIGKILL)
        await self.postgres.died()

    def urls(self, database: ServiceDatabase) -> dict[str, str]:
        """By the place that stays the same."""
        host = str(self.folder / "sockets")
        return urls(
            replace(database, runtime={**database.runtime, "host": host}, owner={**database.owner, "host": host})
        )


@dataclass
class Stages:
    """Three services; investigation has its own Postgres. `handed`: the complaint of each investigation to come."""

    system: Serving
    own: OwnPostgres
    intake: Served
    investigation: Served
    capa: Served
    handed: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0

    async def hand_over(self) -> str:
        agent = self.system.client(self.intake, "admin")
        began = time.monotonic()
        made = await created(agent, COMPLAINTS, FORM)
        for step in ("triage", "hand-over"):
            answer = await agent.post(f"{COMPLAINTS}/{made['id']}/{step}", json={})
            assert answer.status_code == httpx.codes.OK, answer.text
        assert (await agent.get(COMPLAINTS)).status_code == httpx.codes.OK
        assert (await self.system.client(self.capa, "admin").get(CAPAS)).status_code == httpx.codes.OK
        self.slowest = max(self.slowest, time.monotonic() - began)
        found: str = answer.json()["investigation_id"]
        self.handed[found] = made["id"]
        return found

    async def is_opened(self, investigation: str) -> bool:
        """Whatever happens to a question meanwhile, it is no crash."""
        try:
            answer = await self.system.client(self.investigation, "admin").get(f"{INVESTIGATIONS}/{investigation}")
        except httpx.TransportError:
            return False
        assert answer.status_code in {200, 404, 503}, answer.text
        return answer.status_code == httpx.codes.OK

    async def events(self, service: str, one: Served) -> list[dict]:
        told = await self.system.client(one, "auditor").get(f"/api/v1/{service}/audit/events")
        assert told.status_code == httpx.codes.OK, told.text
        return [json.loads(line) for line in told.text.splitlines()]

    async def everything_came_once(self) -> None:
        """Each hand-over one investigation, both logs without a gap, and intake's and capa's views know of them."""
        for investigation in self.handed:
            await eventually(lambda it=investigation: self.is_opened(it), BACK_SECONDS)
        logs = {one.service: await self.events(one.service, one) for one in (self.intake, self.investigation)}
        for log in logs.values():
            assert [event["position"] for event in log] == list(range(1, len(log) + 1))
        told = [event for event in logs["investigation"] if event["meta"]["type"] == OPENED]
        assert Counter(event["data"]["investigation_id"] for event in told) == Counter(dict.fromkeys(self.handed, 1))
        after = {"Suyuan-After": f"investigation:{len(logs['investigation'])}"}
        for one, path in ((self.intake, COMPLAINTS), (self.capa, CAPAS)):
            answer = await self.system.client(one, "admin").get(path, headers=after)
            assert answer.status_code == httpx.codes.OK, answer.text
        for one in (self.intake, self.investigation, self.capa):
            await eventually(lambda it=one: self.is_ready(it), BACK_SECONDS)

    async def is_ready(self, one: Served) -> bool:
        return (await one.health())[0] == httpx.codes.OK


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stages(base, database, kafka) -> AsyncIterator[Stages]:
    async with EmbeddedPostgres(base / "postgres") as postgres, serving(base, settings_of(kafka)) as system:
        own = OwnPostgres(base, postgres)
        await own.start()
        one = Stages(
            system,
            own,
            system.begin("intake", urls(await database("intake"))),
            system.begin("investigation", own.urls(await ensure_service_database(postgres, "investigation"))),
            system.begin("capa", urls(await database("capa"))),
        )
        for served in system.served:
            await served.answering()
        warm = await one.hand_over()
        await eventually(lambda: one.is_opened(warm), BACK_SECONDS)
        yield one


async def work(stages: Stages, seconds: float) -> float:
    """Complaints come all the while; how many seconds the slowest took, with its questions to both others."""
    stages.slowest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.gather(*(stages.hand_over() for _ in range(2)))
        await asyncio.sleep(0.2)
    return stages.slowest


async def test_a_service_whose_postgres_is_down_says_so_and_catches_up_while_the_others_answer(stages):
    asked = stages.system.client(stages.investigation, "admin")
    pid = stages.investigation.process.pid
    await stages.own.kill()
    working = asyncio.create_task(work(stages, faults.SECONDS))
    refused: Counter[int] = Counter()
    while not working.done():
        for path in (INVESTIGATIONS, f"{INVESTIGATIONS}/{next(iter(stages.handed))}"):
            answer = await asked.get(path)
            refused[answer.status_code] += 1
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), (
                answer.text
            )
        assert (await stages.investigation.health())[0] == httpx.codes.SERVICE_UNAVAILABLE
        await asyncio.sleep(0.2)
    slowest = await working
    began = time.monotonic()
    await stages.own.start()
    started = time.monotonic()
    await stages.everything_came_once()
    assert stages.investigation.process.pid == pid
    assert stages.investigation.is_running
    faults.seen(
        "Postgres of one service down",
        handed_over=len(stages.handed),
        slowest_s=round(slowest, 2),
        refused=refused[503],
        postgres_started_s=round(started - began, 1),
        caught_up_s=round(time.monotonic() - started, 1),
    )


async def test_what_depends_on_a_service_that_is_not_there_waits_and_nothing_is_lost_or_done_twice(stages):
    await stages.investigation.kill()
    slowest = await work(stages, faults.SECONDS)
    with pytest.raises(httpx.ConnectError):
        await stages.system.client(stages.investigation, "admin").get(INVESTIGATIONS)
    for one in (stages.intake, stages.capa):
        assert await stages.is_ready(one), await one.health()
    began = time.monotonic()
    stages.investigation.begin()
    await stages.investigation.answering()
    started = time.monotonic()
    await stages.everything_came_once()
    faults.seen(
        "a service's process down",
        handed_over=len(stages.handed),
        slowest_s=round(slowest, 2),
        process_started_s=round(started - began, 1),
        caught_up_s=round(time.monotonic() - started, 1),
    )
