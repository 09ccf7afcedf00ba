"""Projections: set-based, checkpoint with the rows, parked streams, halted consumers, rebuilds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import asyncpg
import msgspec
import pytest

from shared.adapters.postgres import parking, rebuild
from shared.adapters.postgres.connection import BROKEN, KEY_BY_KEY
from shared.adapters.postgres.event_store import PostgresStore
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.projector import CheckpointMoved, Projector, apply
from shared.adapters.postgres.read_table import ReadTable
from shared.contracts.intake.complaint import SatisfactionRecorded
from shared.kernel.ids import new_id
from shared.kernel.ports import PreparedEvent
from shared.kernel.readmodel import Column, project
from tests.contract.stores import prepared, request
from tests.integration.kernel.broken import kill_connections
from tests.integration.kernel.scores import LENIENT, POISON, SCORES


def scored(stream: str, version: int, score: int, tenant: str = "t1") -> PreparedEvent:
    return prepared(tenant, stream, version, SatisfactionRecorded(complaint_id=UUID(int=1), score=score))


async def append(service, stream: str, *scores: int, after: int = 0, tenant: str = "t1") -> None:
    events = tuple(scored(stream, after + n, score, tenant) for n, score in enumerate(scores, start=1))
    await service.store.append(request(stream, after, tenant=tenant, events=events))


async def table(service) -> dict[str, int]:
    return {r["stream"]: r["sum"] for r in await service.pool.fetch("select stream, sum from read.scores")}


async def started(service, model=SCORES) -> Projector:
    projector = Projector(service.pool, model, {"intake": service.log})
    await projector.start()
    return projector


async def test_a_projection_equals_the_fold_of_the_log(service):
    projector = await started(service)
    for n in range(30):
        await append(service, f"c-{n % 7}-{n}", 1 + n % 5, 2)
    while await projector.advance("intake", "t1", limit=7):
        pass
    expected = project(SCORES, await service.log.read("t1", 0, 1000))
    rows = await service.pool.fetch("select * from read.scores")
    assert {(r["stream"],): {"stream": r["stream"], "scores": r["scores"], "sum": r["sum"]} for r in rows} == expected
    assert len(expected) == 30


async def test_rows_and_checkpoint_commit_together_and_a_batch_is_never_applied_twice(service):
    projector = await started(service)
    await append(service, "c-1", 3)
    batch = await service.log.read("t1", 0, 10)
    assert await projector.advance("intake", "t1") == 1
    async with service.pool.acquire() as connection:
        with pytest.raises(CheckpointMoved):
            async with connection.transaction():
                await apply(connection, projector.table, "intake", "t1", 0, batch)
    assert await table(service) == {"c-1": 3}


async def test_two_projectors_of_one_model_apply_each_event_once(service):
    for n in range(20):
        await append(service, f"c-{n}", 1, 1, 1)
    projectors = [await started(service) for _ in range(2)]
    for projector in projectors:
        service.run(projector.run())
    service.run(service.log.run())
    for projector in projectors:
        assert await projector.wait("intake", "t1", 60, 5)
    assert await table(service) == {f"c-{n}": 3 for n in range(20)}


async def test_a_stream_that_cannot_be_applied_is_parked_its_later_events_wait_the_others_go_on(service):
    projector = await started(service)
    await append(service, "bad", 1, POISON, 2)
    await append(service, "good", 4)
    await append(service, "bad", 5, after=3)
    await projector.advance("intake", "t1", limit=4)
    await projector.advance("intake", "t1")
    assert await table(service) == {"bad": 1, "good": 4}
    [parked] = await parking.parked(service.pool)
    assert (parked.stream, parked.first_position, parked.events) == ("bad", 2, 3)
    assert parked.error == "Unreadable: bad"


async def test_a_parked_stream_is_replayed_in_order_once_it_can_be_applied(service):
    projector = await started(service)
    await append(service, "bad", 1, POISON, 2)
    await projector.advance("intake", "t1")
    assert await parking.replay(service.pool, projector.table, service.log, "t1", "bad") == 2
    mended = await started(service, LENIENT)
    assert await parking.replay(service.pool, mended.table, service.log, "t1", "bad") == 0
    assert await table(service) == {"bad": 1 + POISON + 2}
    assert await parking.parked(service.pool) == []


@pytest.mark.parametrize("meta_change", [{"type": "intake.FromTheFuture"}, {"schema_version": 9}])
async def test_an_unknown_type_or_newer_schema_stops_that_tenants_consumer_and_says_so(service, meta_change):
    projector = await started(service)
    await append(service, "c-1", 1)
    strange = scored("c-2", 1, 1)
    meta = msgspec.json.encode(msgspec.json.decode(strange.meta) | meta_change, order="sorted")
    await service.store.append(request("c-2", events=(replace(strange, meta=meta),)))
    await append(service, "c-3", 1)
    await append(service, "other", 7, tenant="t2")
    while await projector.advance("intake", "t1") or await projector.advance("intake", "t2"):
        pass
    assert await table(service) == {"c-1": 1, "other": 7}
    assert projector.positions["intake"] == {"t1": 1, "t2": 1}
    assert list(projector.halted) == [("intake", "t1")]


async def test_a_rebuild_goes_on_while_writes_go_on_and_equals_the_live_table(service):
    projector = await started(service)
    service.run(service.log.run())
    service.run(projector.run())
    for n in range(200):
        await append(service, f"c-{n}", 1)
    seen: list[tuple[int, int]] = []

    async def keep_writing() -> None:
        for n in range(200, 260):
            await append(service, f"c-{n}", 1)

    writing = asyncio.create_task(keep_writing())
    done = await rebuild.rebuild(service.pool, SCORES, {"intake": service.log}, lambda at, of: seen.append((at, of)))
    await writing
    await append(service, "after", 9)
    assert await projector.wait("intake", "t1", 261, 5)
    assert done.generation == 2
    assert seen[-1][0] == seen[-1][1] > 0
    assert await table(service) == {f"c-{n}": 1 for n in range(260)} | {"after": 9}
    assert projector.table.generation == 2


async def test_a_rebuild_that_differs_is_not_shown_until_a_person_accepts(service):
    projector = await started(service)
    await append(service, "c-1", 1)
    await projector.advance("intake", "t1")
    await service.pool.execute("update read.scores__1 set sum = 1000")
    with pytest.raises(rebuild.RebuildDiffers) as differs:
        await rebuild.rebuild(service.pool, SCORES, {"intake": service.log}, lambda *_: None)
    assert differs.value.facts == {"model": "scores", "missing": 1, "extra": 1}
    assert await table(service) == {"c-1": 1000}
    await rebuild.rebuild(service.pool, SCORES, {"intake": service.log}, lambda *_: None, accept_differences=True)
    assert await table(service) == {"c-1": 1}
    await rebuild.roll_back(service.pool, SCORES, 1)
    assert await table(service) == {"c-1": 1000}


async def test_a_rebuild_with_new_parks_is_refused(service):
    projector = await started(service, LENIENT)
    await append(service, "bad", POISON)
    await projector.advance("intake", "t1")
    with pytest.raises(rebuild.RebuildParked):
        await rebuild.rebuild(service.pool, SCORES, {"intake": service.log}, lambda *_: None)
    assert await table(service) == {"bad": POISON}


async def test_a_changed_definition_is_built_beside_the_old_and_shown_when_it_knows_as_much(service):
    projector = await started(service)
    await append(service, "c-1", 1, 2)
    await projector.advance("intake", "t1")
    changed = replace(SCORES, columns=(*SCORES.columns, Column("note", "text")))
    newer = await started(service, changed)
    assert await table(service) == {"c-1": 3}
    service.run(service.log.run())
    service.run(newer.run())
    assert await newer.wait("intake", "t1", 2, 5)
    for _ in range(100):
        shown = await service.pool.fetchval("select shown from log.read_model where name = 'scores'")
        if shown == 2:
            break
        await asyncio.sleep(0.02)
    assert await service.pool.fetchval("select note is null from read.scores") is True
    assert (await started(service, changed)).table.generation == 2


async def test_whoever_wrote_can_wait_until_the_view_has_it(service):
    projector = await started(service)
    service.run(service.log.run())
    service.run(projector.run())
    stream = f"c-{new_id()}"
    await append(service, stream, 5)
    assert await projector.wait("intake", "t1", 1, 2)
    assert await table(service) == {stream: 5}
    assert not await projector.wait("intake", "t1", 2, 0.05)


async def test_a_commit_that_the_database_lost_in_a_crash_is_made_again_though_nothing_new_comes(service):
    """Read models don't wait for the disk: their last commits may be undone, and no later event would tell."""
    projector = await started(service)
    service.run(service.log.run())
    service.run(projector.run())
    await append(service, "c-1", 5)
    assert await projector.wait("intake", "t1", 1, 2)
    owner = await asyncpg.connect(**service.owner | {"user": "postgres"})
    await owner.execute("delete from read.scores")
    await owner.execute("delete from log.checkpoint")
    await owner.close()
    await kill_connections(service)
    assert await until(lambda: table(service), {"c-1": 5})
    assert await projector.wait("intake", "t1", 1, 2)


async def until(look, wanted, patience: float = 5) -> bool:
    """Whether it is seen in time; a database that is away is asked again."""
    async with asyncio.timeout(patience):
        while True:
            with suppress(*BROKEN):
                if await look() == wanted:
                    return True
            await asyncio.sleep(0.05)


async def test_whoever_asks_for_the_heads_leaves_no_waiter_asleep(service):
    waiting = asyncio.create_task(service.log.changed({}, 5))
    await asyncio.sleep(0.01)
    elsewhere = PostgresStore(service.pool, PostgresLog("intake", service.pool))
    await elsewhere.append(request("c-1"))  # another process: no wake-up in this one
    await service.log.heads()
    assert await asyncio.wait_for(waiting, 0.5) == {"t1": 1}


async def test_a_batchs_rows_are_found_by_their_keys_alone_in_a_table_without_statistics(service):
    """The planner takes a new table for a small one: it must not read all of a tenant's rows for each batch."""
    await started(service)
    plan = await service.pool.fetch(
        "explain select * from unnest(array['a', 'b', 'c']) k(stream) cross join lateral"
        " (select * from read.scores__1 t where t.tenant = 't1' and t.stream = k.stream offset 0) t"
    )
    [condition] = [line for (line,) in plan if "Index Cond" in line]
    assert "stream = k.stream" in condition
    assert KEY_BY_KEY in ReadTable(SCORES, 1)._select
