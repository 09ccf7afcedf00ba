"""The relay: every event once, each tenant's in order, whatever breaks on the way."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord

from shared.adapters.kafka.history import RELAY
from shared.adapters.kafka.topics import FOR_EVER, administration
from shared.contracts.intake.complaint import ResolutionRejected
from shared.kernel.ids import new_id
from tests.contract.stores import prepared, request
from tests.published import Published, ended, eventually, published


@pytest_asyncio.fixture(loop_scope="session")
async def service(database, kafka) -> AsyncIterator[Published]:
    async with published(await database(), kafka, running=False) as one:
        yield one


async def appended(service: Published, commands: int, tenants: int = 5, count: int = 3) -> None:
    await asyncio.gather(
        *(
            service.store.append(request(f"complaint-{new_id()}", tenant=f"t-{n % tenants}", count=count))
            for n in range(commands)
        )
    )


def positions(records: Sequence[ConsumerRecord]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for record in records:
        found[record.key.decode()].append(int(dict(record.headers)["ce_position"]))
    return dict(found)


async def everything(service: Published) -> dict[str, list[int]]:
    return {tenant: list(range(1, head + 1)) for tenant, head in (await service.log.heads()).items()}


async def test_every_event_is_published_once_in_its_tenants_order_while_commands_come(service):
    service.run(service.relay.run())
    for _ in range(6):
        await appended(service, 60, tenants=7)
    await service.drained()
    assert positions(await service.records()) == await everything(service)


async def test_value_and_meta_are_the_bytes_under_the_chain(service):
    await appended(service, 3, tenants=1)
    service.run(service.relay.run())
    await service.drained()
    stored = await service.log.read("t-0", 0, 100)
    told = [(r.value, dict(r.headers)["suyuanmeta"], dict(r.headers)["ce_chainhash"]) for r in await service.records()]
    assert told == [(e.data_bytes, e.meta_bytes, e.hash.hex().encode()) for e in stored]


async def test_of_several_processes_one_publishes_and_the_next_takes_over_when_it_goes(service):
    others = [service.another_relay() for _ in range(2)]
    tasks = [service.run(relay.run()) for relay in (service.relay, *others)]
    for n in range(3):
        await appended(service, 30)
        await service.drained()
        leader = await service.pool.fetchval(
            "select pid from pg_locks where locktype = 'advisory' and objsubid = 1 and granted and objid ="
            " (hashtext($1)::bigint & 4294967295)::oid",
            f"leading relay {service.relay.topic}",
        )
        assert leader is not None
        await service.pool.execute("select pg_terminate_backend($1)", leader) if n < 2 else None
    assert positions(await service.records()) == await everything(service)
    await ended(tasks)


async def test_killed_between_produce_and_checkpoint_it_publishes_nothing_twice(service):
    """What the topic has beyond the checkpoint is read when the next one takes over."""
    await appended(service, 40)
    first = service.run(service.relay.run())
    await service.drained()
    await ended([first])
    await service.pool.execute("update log.checkpoint set position = 2 where consumer = $1", RELAY)
    await service.pool.execute("delete from log.topic_tail")
    await appended(service, 10)
    service.run(service.another_relay().run())
    await service.drained()
    assert positions(await service.records()) == await everything(service)


async def test_a_record_refused_in_the_middle_stops_what_comes_after_it_until_it_is_kept(service):
    """The library's own producer would let later records land after the refused one."""
    running = service.run(service.relay.run())
    await appended(service, 5, tenants=1)
    await service.drained()
    await limit_message_bytes(service, 1000)
    words = " ".join(str(new_id()) for _ in range(2000))
    large = ResolutionRejected(complaint_id=UUID(int=7), subject_id=UUID(int=8), resolution_no=1, recourse=words)
    await service.store.append(
        request("complaint-large", tenant="t-0", events=(prepared("t-0", "complaint-large", 1, large),))
    )
    for _ in range(20):  # later ones, each small enough by itself
        await appended(service, 1, tenants=1)
        await asyncio.sleep(0.05)
    told = positions(await service.records())["t-0"]
    assert told == list(range(1, len(told) + 1))
    assert len(told) < (await service.log.heads())["t-0"]
    assert not running.done()
    await limit_message_bytes(service, 2 << 20)
    await service.drained()
    assert positions(await service.records()) == await everything(service)


async def limit_message_bytes(service: Published, size: int) -> None:
    configs = {**FOR_EVER, "max.message.bytes": str(size), "min.insync.replicas": "1"}
    async with administration(service.settings) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, service.relay.topic, configs)])


async def test_the_lag_is_told_in_events_and_seconds(service):
    await appended(service, 4, tenants=2, count=2)
    await asyncio.sleep(0.2)
    behind = await service.relay.lag()
    assert behind.events == 8
    assert 0.2 <= behind.seconds < 30
    service.run(service.relay.run())
    await service.drained()
    assert (await service.relay.lag()).seconds == 0


async def test_while_kafka_is_away_commands_are_taken_and_published_when_it_is_back(database, own_kafka):
    async with published(await database(), own_kafka) as service:
        await appended(service, 10)
        await service.drained()
        await own_kafka.kill()
        await appended(service, 50)
        assert (await service.relay.health()).startswith("ok")
        await own_kafka.start_node(1)
        await service.drained()
        assert positions(await service.records()) == await everything(service)
        await eventually(lambda: seen_all(service))


async def seen_all(service: Published) -> bool:
    return await service.read.heads() == await service.log.heads()


@pytest.mark.parametrize("killed", [1, 2])
async def test_with_three_brokers_one_may_die(database, three_brokers, killed):
    async with published(await database(), three_brokers, replicas=3, min_insync=2) as service:
        await appended(service, 20)
        await service.drained()
        await three_brokers.kill(killed)
        await appended(service, 50)
        await service.drained()
        assert positions(await service.records()) == await everything(service)
        await three_brokers.start_node(killed)
