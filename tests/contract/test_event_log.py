"""What every EventLog promises: order within a tenant's log, and nothing between logs."""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.adapters.kafka.log import KafkaLog
from shared.adapters.postgres.log import PostgresLog
from shared.kernel.chain import GENESIS, digest, link
from shared.kernel.ids import new_id
from tests.contract.stores import request
from tests.published import PATIENCE, come_to


@pytest.fixture
def tenant() -> str:
    return f"t-{new_id().hex[-8:]}"


async def test_it_has_every_event_as_it_was_stored(logs, tenant):
    for n in range(7):
        await logs.store.append(request(f"complaint-{n}", tenant=tenant, count=3))
    await come_to(logs.log, tenant, 21)
    read = await logs.log.read(tenant, 0, 100)
    stored = sorted(
        [event for n in range(7) for event in (await logs.store.load(tenant, f"complaint-{n}")).events],
        key=lambda event: event.position,
    )
    told = [(r.position, r.recorded_at, r.hash, r.meta_bytes, r.data_bytes) for r in read]
    assert told == [(r.position, r.recorded_at, r.hash, r.meta_bytes, r.data_bytes) for r in stored]
    previous = GENESIS
    for r in read:
        previous = link(previous, r.position, r.recorded_at, digest(r.meta_bytes, r.data_bytes))
        assert r.hash == previous


async def test_reading_goes_on_past_any_position_and_gives_no_more_than_asked_for(logs, tenant):
    await asyncio.gather(*(logs.store.append(request(f"c-{n}", tenant=tenant, count=5)) for n in range(100)))
    await come_to(logs.log, tenant, 500)
    chance = random.Random(7)  # noqa: S311 - a walk, the same each time
    for _ in range(40):
        after, limit = chance.randrange(0, 520), chance.randrange(1, 400)
        found = [r.position for r in await logs.log.read(tenant, after, limit)]
        assert found == list(range(after + 1, min(after + limit, 500) + 1))[: len(found)]
        assert bool(found) == (after < 500)


async def test_from_batch_to_batch_nothing_is_left_out(logs, tenant):
    await asyncio.gather(*(logs.store.append(request(f"c-{n}", tenant=tenant, count=3)) for n in range(300)))
    await come_to(logs.log, tenant, 900)
    at, seen = 0, []
    while batch := await logs.log.read(tenant, at, 70):
        seen += [r.position for r in batch]
        at = batch[-1].position
    assert seen == list(range(1, 901))


async def test_at_the_head_and_of_an_unknown_tenant_there_is_nothing(logs, tenant):
    await logs.store.append(request("complaint-1", tenant=tenant))
    await come_to(logs.log, tenant, 1)
    assert list(await logs.log.read(tenant, 1, 10)) == []
    assert list(await logs.log.read(f"{tenant}-nobody", 0, 10)) == []


async def test_it_tells_each_tenants_head(logs, tenant):
    other = f"{tenant}-other"
    await logs.store.append(request("complaint-1", tenant=tenant, count=4))
    await logs.store.append(request("complaint-1", tenant=other, count=2))
    await come_to(logs.log, tenant, 4)
    await come_to(logs.log, other, 2)
    heads = await logs.log.heads()
    assert (heads[tenant], heads[other]) == (4, 2)


async def test_logs_come_interleaved_each_in_its_own_order(logs, tenant):
    """Thirty tenants written at random: whatever order they come in between them, each is whole and its own."""
    tenants = [f"{tenant}-{n}" for n in range(30)]
    chance = random.Random(11)  # noqa: S311 - a walk, the same each time
    order = [one for one in tenants for _ in range(8)]
    chance.shuffle(order)
    await asyncio.gather(*(logs.store.append(request(f"c-{n}", tenant=one)) for n, one in enumerate(order)))
    for one in tenants:
        await come_to(logs.log, one, 8)
    batches = await asyncio.gather(*(logs.log.read(one, chance.randrange(8), 100) for one in tenants))
    for one, batch in zip(tenants, batches, strict=True):
        positions = [r.position for r in batch]
        assert positions == list(range(positions[0], 9))
        assert {r.meta.tenant for r in batch} == {one}


async def test_it_wakes_whoever_waits_for_it(logs, tenant):
    waiting = asyncio.create_task(logs.log.changed({}, 10))
    await asyncio.sleep(0.01)
    await logs.store.append(request("a", tenant=tenant))
    heads = await waiting
    while tenant not in heads:
        heads = await logs.log.changed({k: v for k, v in heads.items() if k != tenant}, 10)
    assert heads[tenant] == 1
    assert tenant not in await logs.log.changed({tenant: 1}, 0.01)


async def test_who_waits_for_it_ends_when_cancelled_in_the_very_moment_it_grows(logs, tenant):
    """Else a service that is stopped right after a write never ends."""
    waiting = asyncio.create_task(logs.log.changed(await logs.log.heads(), 5))
    await asyncio.sleep(0.01)
    if isinstance(logs.log, PostgresLog):
        logs.log.advance(tenant, 1)
    else:
        await logs.store.append(request("a", tenant=tenant))
        if isinstance(logs.log, KafkaLog):
            logs.log._tail.grown.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_just_recorded_is_reached_and_what_was_not_is_not(logs, tenant):
    """A copy is waited for: whoever has heard of a position elsewhere may ask for it at once."""
    appended = await logs.store.append(request("a", tenant=tenant, count=3))
    assert await logs.log.reached(tenant, appended.position, PATIENCE)
    assert [event.position for event in await logs.log.read(tenant, 2, 1)] == [3]
    assert not await logs.log.reached(tenant, 4, 0.1)
    assert not await logs.log.reached(f"{tenant}-nobody", 1, 0.1)


async def test_its_heads_are_those_of_this_moment(logs, tenant):
    for position in range(1, 6):
        await logs.store.append(request("a", position - 1, tenant=tenant))
        await come_to(logs.log, tenant, position)
        assert (await logs.log.heads())[tenant] == position
