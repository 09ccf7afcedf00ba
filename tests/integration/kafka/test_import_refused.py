"""What is brought in, or published anew, only where it fits: holes, changed records, lost topics, writers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from msgspec import structs

from deploy.embedded.databases import ServiceDatabase
from deploy.moving.tables import contents
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.records import recorded
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration
from shared.kernel.reacting import ReactionRule, trigger
from shared.kernel.recorded import decode_meta, encode_meta
from shared.kernel.testing import START
from tests.contract.stores import prepared, request
from tests.moving import url_of
from tests.published import eventually, on_topic, published
from tests.restoring import Restoring, owner_of, rows

HOLD = 4711
_HOLD = f"""
create function log.hold() returns trigger language plpgsql as
$$begin perform pg_advisory_xact_lock({HOLD}); return new; end$$"""
_WAITING = """
select count(*) from pg_locks where not granted and locktype = $1 and database =
(select oid from pg_database where datname = current_database())"""


async def all_of(database: ServiceDatabase) -> object:
    owner = await owner_of(database)
    try:
        return await contents(owner, "intake")
    finally:
        await owner.close()


def events_topic(settings: KafkaSettings) -> str:
    return TopicNames(settings.topic_prefix).events("intake")


async def copied(restoring: Restoring, prefix: str, changed: Callable[[ConsumerRecord], bytes | None]) -> None:
    """The topic under another prefix, each record with the value that `changed` gives; without those it gives none."""
    source = events_topic(restoring.settings)
    target = events_topic(restoring.settings.model_copy(update={"topic_prefix": prefix}))
    producer = AIOKafkaProducer(**client_arguments(restoring.settings))
    await producer.start()
    try:
        async for record in on_topic(restoring.settings, source):
            value = changed(record)
            if value is not None:
                told = {"key": record.key, "headers": list(record.headers), "partition": record.partition}
                await producer.send_and_wait(target, value, **told)
    finally:
        await producer.stop()


def left_out(record: ConsumerRecord) -> bytes | None:
    return None if at(record) == ("t-1", 4) else record.value


def forged(record: ConsumerRecord) -> bytes | None:
    """Its headers, the chain's hash too, stay what they were."""
    return record.value.replace(b'"score":4', b'"score":5') if at(record) == ("t-1", 4) else record.value


def at(record: ConsumerRecord) -> tuple[str, int]:
    event = recorded(record)
    return event.meta.tenant, event.position


@pytest.mark.parametrize(("changed", "republished"), [(left_out, "HistoryHoled"), (forged, "HistoryForked")])
async def test_a_record_that_is_missing_or_changed_is_refused_and_nothing_is_changed(
    restoring, typed, monkeypatch, changed, republished
):
    """Brought in up to there it would be a history that ends in the middle of another's."""
    prefix = f"{restoring.settings.topic_prefix}z"
    monkeypatch.setenv("SUYUAN_KAFKA_TOPIC_PREFIX", prefix)
    assert (await typed("create"))[0] == 0
    await copied(restoring, prefix, changed)
    before = await all_of(restoring.old)
    code, (said,), err = await typed("import-tail")
    assert (code, said["state"]) == (41, "TailBroken")
    assert "Position 4 of t-1" in err
    assert await all_of(restoring.old) == before

    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(restoring.now.owner))
    before = await all_of(restoring.now)
    code, (said,), err = await typed("republish")
    assert (code, said["state"], "osition 4 of t-1" in err) == (41, republished, True)
    assert await all_of(restoring.now) == before


async def test_a_topic_that_was_deleted_brings_nothing_in_and_is_published_anew_byte_for_byte(
    restoring, typed, monkeypatch
):
    before = await all_of(restoring.old)
    async with administration(restoring.settings) as admin:
        await admin.delete_topics([events_topic(restoring.settings)])
    code, (said,), _ = await typed("import-tail")
    assert (code, said["state"]) == (39, "TopicMissing")
    assert await all_of(restoring.old) == before

    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(restoring.now.owner))
    assert await typed("republish") == (0, [{"service": "intake", "to_publish": 18}], "")
    async with published(restoring.now, restoring.settings) as service:
        await service.drained()
        found = [recorded(record) for record in await service.records()]
    assert len(found) == 18
    told = {(e.meta.tenant, e.position): (e.recorded_at, e.hash, e.meta_bytes, e.data_bytes) for e in found}
    owner = await owner_of(restoring.now)
    in_table = await owner.fetch("select tenant, position, recorded_at, hash, meta, data from log.event")
    await owner.close()
    assert told == {(row["tenant"], row["position"]): tuple(row)[2:] for row in in_table}


async def test_an_import_waits_for_an_append_under_way_and_sees_the_fork_that_it_made(restoring, typed):
    """A service that hasn't noticed the failover yet: its append holds a head, the import must not take its place."""
    async with published(restoring.old, restoring.settings, running=False) as service, held(restoring.old) as release:
        append = asyncio.create_task(service.store.append(request("held", tenant="t-0")))
        await eventually(lambda: waits_for(restoring.old, "advisory"))
        bringing = asyncio.create_task(typed("import-tail"))
        await eventually(lambda: waits_for(restoring.old, "relation"))
        await release()
        assert (await append).position == 3
        code, (said,), err = await bringing
        assert (code, said["state"], "position 3 of t-0" in err) == (41, "HistoryForked", True)


async def test_an_append_during_an_import_waits_and_goes_on_after_it(restoring, typed):
    async with (
        published(restoring.old, restoring.settings, running=False) as service,
        held(restoring.old, "late-2") as release,
    ):
        bringing = asyncio.create_task(typed("import-tail"))
        await eventually(lambda: waits_for(restoring.old, "advisory"))
        append = asyncio.create_task(service.store.append(request("complaint-9", tenant="t-0")))
        await eventually(lambda: waits_for(restoring.old, "relation"))
        await release()
        assert (await bringing)[0] == 0
        assert (await append).position == 7


@asynccontextmanager
async def held(database: ServiceDatabase, stream: str = "held") -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Whoever inserts an event of that stream waits until `release()`."""
    owner = await owner_of(database)
    await owner.execute("select pg_advisory_lock($1)", HOLD)
    await owner.execute(_HOLD)
    await owner.execute(
        f"create trigger hold before insert on log.event for each row when (new.stream = '{stream}') "
        "execute function log.hold()"
    )
    try:
        yield lambda: owner.execute("select pg_advisory_unlock($1)", HOLD)
    finally:
        await owner.close()


async def waits_for(database: ServiceDatabase, kind: str) -> bool:
    owner = await owner_of(database)
    try:
        return bool(await owner.fetchval(_WAITING, kind))
    finally:
        await owner.close()


async def test_a_reaction_that_had_its_effect_after_the_backup_has_no_second_one(restoring, typed):
    """Delivered again by the consumer whose place was restored too."""

    async def none(*_: object) -> list[str]:
        return []

    rule = ReactionRule("record-investigation-outcome", "investigation", frozenset(), none, none)
    async with published(restoring.now, restoring.settings) as service:
        [cause] = await service.log.read("t-0", 0, 1)
        made = trigger("intake", rule, "late-reacted", cause, START)
        first = prepared("t-0", "complaint-late-reacted", 1)
        context = made.context
        meta = structs.replace(
            decode_meta(first.meta), command_id=context.command_id, causation_id=context.causation_id
        )
        asked = request(
            meta.stream, tenant="t-0", events=(replace(first, meta=encode_meta(meta)),), reaction=made.reaction
        )
        done = await service.store.append(asked)
        await service.drained()
    assert (await typed("import-tail"))[0] == 0
    async with published(restoring.old, restoring.settings, running=False) as service:
        again = await service.store.append(replace(asked, key=replace(asked.key, key="another"), expected=1))
        assert (done.repeated, again.repeated) == (False, True)
        assert await rows(restoring.old, "head") == await rows(restoring.now, "head")
