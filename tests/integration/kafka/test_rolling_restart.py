"""A service's replicas of two builds side by side: the older doesn't know an event's newer schema version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx
import pytest_asyncio

from deploy.embedded.databases import ServiceDatabase
from deploy.embedded.postgres import SUPERUSER
from services.analytics.readmodels.as_of import MODELS
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.log import PostgresLog
from shared.kernel.recorded import Recorded
from tests import faults
from tests.folds import are_the_fold
from tests.inbound import FORM
from tests.published import eventually, settings_of
from tests.serving import Served, Serving, created, serving, urls

COMPLAINTS = "/api/v1/complaints"
NEWER = "intake.ComplaintAcknowledged"
OLDER = f"""
import sys
from dataclasses import replace
from deploy.cli import main
from shared.contracts import catalogue, event
known = event._BY_NAME[{NEWER!r}]
event._BY_NAME[{NEWER!r}] = replace(known, version=known.version - 1)
sys.exit(main(sys.argv[1:]))
"""
"""The program as it was before that version."""
HALTED, UNTOUCHED = "t-halted", "t-untouched"
CHECKPOINTS = "select consumer, position from log.checkpoint where source = 'intake' and tenant = $1"


@dataclass
class Rolling:
    system: Serving
    intake: Served
    log: PostgresLog
    analytics: ServiceDatabase
    database: asyncpg.Connection

    def begin(self, *program: str) -> Served:
        return self.system.begin("analytics", urls(self.analytics), **({"program": program} if program else {}))

    async def complaints(self, tenant: str, count: int, *, acknowledged: bool) -> None:
        agent = self.system.client(self.intake, "service_agent", tenant)
        for _ in range(count):
            made = await created(agent, COMPLAINTS, FORM)
            if acknowledged:
                answer = await agent.post(f"{COMPLAINTS}/{made['id']}/acknowledge", json={})
                assert answer.status_code == httpx.codes.OK, answer.text

    async def events(self, tenant: str) -> list[Recorded]:
        return list(await self.log.read(tenant, 0, 100_000))

    async def are_at(self, tenant: str, position: int) -> bool:
        """Every consumer of intake's log: read models that follow it, and reactions."""
        told = dict(await self.database.fetch(CHECKPOINTS, tenant))
        assert max(told.values(), default=0) <= position, told
        following = sum("intake" in model.sources for model in MODELS) + 1
        return list(told.values()) == [position] * following

    async def all_came(self) -> None:
        for tenant in (HALTED, UNTOUCHED):
            head = len(await self.events(tenant))
            await eventually(lambda tenant=tenant, head=head: self.are_at(tenant, head))
        await are_the_fold(self.database, MODELS, {tenant: await self.events(tenant) for tenant in (HALTED, UNTOUCHED)})


@pytest_asyncio.fixture(loop_scope="session")
async def rolling(database, kafka, tmp_path) -> AsyncIterator[Rolling]:
    intake, analytics = await database("intake"), await database("analytics")
    async with serving(tmp_path, settings_of(kafka)) as system:
        served = system.begin("intake", urls(intake))
        await served.answering()
        pool = await open_pool(intake.runtime)
        looking = await asyncpg.connect(**{**analytics.owner, "user": SUPERUSER})
        try:
            yield Rolling(system, served, PostgresLog("intake", pool), analytics, looking)
        finally:
            await looking.close()
            await pool.close()


async def halted(one: Served) -> bool:
    status, checks = await one.health()
    return (status, any(NEWER in said for said in checks.values())) == (503, True)


async def is_ready(one: Served) -> bool:
    return (await one.health())[0] == httpx.codes.OK


async def test_the_older_stops_before_what_it_does_not_know_and_the_newer_goes_on(rolling):
    older = rolling.begin("-c", OLDER)
    await older.answering()
    await rolling.complaints(HALTED, 2, acknowledged=False)
    await rolling.complaints(UNTOUCHED, 1, acknowledged=False)
    await rolling.all_came()
    assert await is_ready(older)
    known = await rolling.events(HALTED)
    await rolling.complaints(HALTED, 2, acknowledged=True)
    upto = next(e.position for e in await rolling.events(HALTED) if e.meta.type == NEWER) - 1
    await eventually(lambda: halted(older))
    await rolling.complaints(UNTOUCHED, 3, acknowledged=False)
    head = len(await rolling.events(UNTOUCHED))
    await eventually(lambda: rolling.are_at(UNTOUCHED, head))
    await eventually(lambda: rolling.are_at(HALTED, upto))
    assert upto > len(known)
    await are_the_fold(rolling.database, MODELS, {HALTED: (await rolling.events(HALTED))[:upto]})

    newer = rolling.begin()
    await newer.answering()
    clock, rounds = asyncio.get_running_loop().time, 0
    until = clock() + faults.SECONDS
    while clock() < until:
        await asyncio.gather(
            rolling.complaints(HALTED, 1, acknowledged=True), rolling.complaints(UNTOUCHED, 1, acknowledged=False)
        )
        rounds += 1
    await rolling.all_came()
    assert (await halted(older), await is_ready(newer)) == (True, True)
    said = [text for text in (await older.health())[1].values() if NEWER in text]

    assert await older.stop() == 0
    replacing = rolling.begin()
    await replacing.answering()
    for tenant in (HALTED, UNTOUCHED):
        await rolling.complaints(tenant, 3, acknowledged=True)
    await rolling.all_came()
    for one in (newer, replacing):
        await eventually(lambda it=one: is_ready(it))
    count = sum([len(await rolling.events(tenant)) for tenant in (HALTED, UNTOUCHED)])
    faults.seen("rolling restart", rounds=rounds, events=count, said=said[0])
