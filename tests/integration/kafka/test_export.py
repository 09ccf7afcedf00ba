"""What a tenant's own systems may read: what was chosen, in order, once, and nothing that is sealed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Sequence

import asyncpg
import msgspec
import pytest_asyncio
from aiokafka.structs import ConsumerRecord

from shared.adapters.kafka.export import EXPORT, Export
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, existing
from shared.adapters.privacy import SealingVault
from shared.contracts.capa.capa import CapaOpened
from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintAcknowledged, ComplaintRegistered, ResolutionRejected
from shared.kernel.ids import new_id
from shared.kernel.marked import SEAL
from shared.kernel.recorded import decode_meta, encode_meta
from tests.contract.examples import example
from tests.contract.stores import prepared, request
from tests.pages import ROOT
from tests.published import Published, ended, eventually, on_topic, published
from tests.wire import held

GOLDEN = ROOT / "tests" / "contract" / "golden"


@pytest_asyncio.fixture(loop_scope="session")
async def service(database, kafka) -> AsyncIterator[Published]:
    exports = {"t-0": ("*",), "t-1": ("intake.Resolution*",)}
    async with published(await database(), kafka, running=False, exports=exports) as one:
        yield one


def export(service: Published) -> Export:
    return Export(service.pool, service.log, service.settings)


async def scored(service: Published, tenant: str, commands: int, count: int = 2) -> None:
    streams = [f"complaint-{new_id()}" for _ in range(commands)]
    await asyncio.gather(*(service.store.append(request(one, tenant=tenant, count=count)) for one in streams))


async def append(service: Published, tenant: str, event: Event) -> None:
    """Sealed, as a handler does it."""
    stream, event_id = f"complaint-{new_id()}", new_id()
    sealed = await SealingVault(bytes(32), service.keys).seal(tenant, stream, [(event_id, event)])
    events = (prepared(tenant, stream, 1, sealed.events[0], service.log.service),)
    await service.store.append(request(stream, tenant=tenant, events=events, new_keys=sealed.new_keys))


async def exported(service: Published, tenant: str) -> list[ConsumerRecord]:
    settings = service.settings.model_copy(update={"partitions": 1})
    return [record async for record in on_topic(settings, TopicNames(settings.topic_prefix).export(tenant))]


async def done(one: Export) -> None:
    async def nothing_left() -> bool:
        return (await one.lag()).events == 0

    await eventually(nothing_left)


def told(records: Sequence[ConsumerRecord], name: str) -> list[str]:
    return [dict(record.headers)[name].decode() for record in records]


async def test_nothing_is_exported_unless_a_tenant_is_named():
    assert KafkaSettings(bootstrap="127.0.0.1:9092").exports == {}


async def test_only_the_tenants_and_types_that_were_chosen_are_exported_in_order(service):
    one = export(service)
    service.run(one.run())
    rejected = example(ResolutionRejected)
    for tenant in ("t-0", "t-1", "t-2"):
        await scored(service, tenant, 3)
        await append(service, tenant, rejected)
        await scored(service, tenant, 1)
    await done(one)
    assert told(await exported(service, "t-0"), "ce_position") == [str(n) for n in range(1, 10)]
    assert told(await exported(service, "t-1"), "ce_position") == ["7"]
    assert told(await exported(service, "t-1"), "ce_type") == ["intake.ResolutionRejected"]
    async with administration(service.settings) as admin:
        assert await existing(admin, TopicNames(service.settings.topic_prefix).export("t-2")) is None


async def test_no_marked_field_goes_out_sealed_or_not_and_no_actor_or_reason(service):
    await append(service, "t-0", example(ComplaintRegistered))
    (stored,) = await service.log.read("t-0", 0, 10)
    assert SEAL.encode() in stored.data_bytes
    one = export(service)
    service.run(one.run())
    await done(one)
    (record,) = await exported(service, "t-0")
    every_byte = b"".join([record.key, record.value, *(name.encode() + value for name, value in record.headers)])
    for kept_in in (SEAL, stored.meta.actor.subject, str(stored.meta.command_id), "suyuanmeta"):
        assert kept_in.encode() not in every_byte
    left = json.loads(record.value)
    assert left["customer"].keys() == {"account", "region"}
    assert not {"description", "occurred_where", "content_sums"} & left.keys()
    assert stored.data["content_sums"] != []
    assert left["items"] == stored.data["items"]
    assert dict(record.headers)["ce_chainhash"].decode() == stored.hash.hex()


async def test_killed_between_produce_and_checkpoint_it_exports_nothing_twice_and_loses_nothing(service):
    await scored(service, "t-0", 10)
    first = service.run(export(service).run())
    await done(export(service))
    await ended([first])
    await service.pool.execute("update log.checkpoint set position = 2 where consumer = $1", EXPORT)
    await service.pool.execute("delete from log.topic_tail")
    await scored(service, "t-0", 5)
    second = export(service)
    service.run(second.run())
    await done(second)
    assert told(await exported(service, "t-0"), "ce_position") == [str(n) for n in range(1, 31)]


async def test_of_several_processes_one_exports_and_the_next_takes_over_when_it_goes(service):
    one, other = export(service), export(service)
    service.run(one.run())
    service.run(other.run())
    for n in range(2):
        await scored(service, "t-0", 5)
        await done(one)
        leader = await service.pool.fetchval(
            "select pid from pg_locks where locktype = 'advisory' and objsubid = 1 and granted and objid ="
            " (hashtext($1)::bigint & 4294967295)::oid",
            f"leading export {service.settings.topic_prefix}",
        )
        assert leader is not None
        await service.pool.execute("select pg_terminate_backend($1)", leader) if n == 0 else None
    assert told(await exported(service, "t-0"), "ce_position") == [str(n) for n in range(1, 21)]


async def test_an_event_of_an_older_schema_is_exported_in_its_newest(service):
    stream = f"complaint-{new_id()}"
    old = prepared("t-0", stream, 1, example(ComplaintAcknowledged))
    meta = msgspec.structs.replace(decode_meta(old.meta), schema_version=1)
    data = (GOLDEN / "intake.ComplaintAcknowledged.v1.json").read_bytes()
    events = (dataclasses.replace(old, meta=encode_meta(meta), data=data),)
    await service.store.append(request(stream, tenant="t-0", events=events))
    one = export(service)
    service.run(one.run())
    await done(one)
    (record,) = await exported(service, "t-0")
    assert held(record, service.settings.topic_prefix) == "intake.ComplaintAcknowledged"
    assert told([record], "ce_dataschema") == ["urn:suyuan:event:intake.ComplaintAcknowledged:v2"]


async def test_an_event_that_this_build_does_not_know_is_waited_for_not_skipped(service):
    stream = f"complaint-{new_id()}"
    newer = prepared("t-0", stream, 1)
    meta = msgspec.structs.replace(decode_meta(newer.meta), schema_version=99)
    events = (dataclasses.replace(newer, meta=encode_meta(meta)),)
    await service.store.append(request(stream, tenant="t-0", events=events))
    await scored(service, "t-0", 1)
    one = export(service)
    service.run(one.run())
    await eventually(lambda: says(one, "ok (nothing is exported: This build doesn't know intake.SatisfactionRecorded"))
    assert await exported(service, "t-0") == []


async def test_two_services_write_to_one_topic_each_in_its_own_order(service, database, kafka):
    prefix, exports = service.settings.topic_prefix, service.settings.exports
    more = {"topic_prefix": prefix, "exports": exports, "running": False, "service": "capa"}
    async with published(await database("capa"), kafka, **more) as other:
        for tried in range(2):  # the second time each begins behind what both have written
            exporting = [(one, one.run(export(one).run())) for one in (service, other)]
            for _ in range(3):
                await scored(service, "t-0", 2)
                await append(other, "t-0", example(CapaOpened))
            for one, task in exporting:
                await done(export(one))
                await ended([task])
            records = await exported(service, "t-0")
            for source, count in (("/suyuan/intake", 12), ("/suyuan/capa", 3)):
                own = [record for record in records if dict(record.headers)["ce_source"].decode() == source]
                assert told(own, "ce_position") == [str(n) for n in range(1, count * (tried + 1) + 1)]


async def test_an_export_of_a_history_that_is_not_the_tables_stops_and_is_said(service):
    await scored(service, "t-0", 2)
    first = service.run(export(service).run())
    await done(export(service))
    await ended([first])
    owner = await asyncpg.connect(**service.owner)
    await owner.execute("alter table log.event disable trigger all")
    await owner.execute("update log.event set hash = sha256('other') where position = 4")
    await owner.close()
    await service.pool.execute("delete from log.topic_tail")
    second = export(service)
    running = service.run(second.run())
    await eventually(lambda: says(second, "ok (nothing is exported: History forked: position 4"))
    assert not running.done()


async def says(one: Export, words: str) -> bool:
    return (await one.health()).startswith(words)
