"""A log read from its topic: repeats, forks, gaps, what is no event, and beginning again in the middle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.pages import PAGE
from shared.adapters.kafka.places import Head, NoPlaces, Seen
from shared.adapters.kafka.records import headers, partition_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, ensure
from shared.kernel import chain
from shared.kernel.errors import ForkedLog, GapInLog
from shared.kernel.recorded import Recorded
from tests.contract.stores import prepared
from tests.published import come_to, ended, eventually, settings_of

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def history(tenant: str, count: int, stream: str = "complaint-1") -> list[Recorded]:
    """A tenant's chained log from position 1."""
    made: list[Recorded] = []
    previous = chain.GENESIS
    for position in range(1, count + 1):
        event = prepared(tenant, stream, position)
        at = BEGIN + timedelta(microseconds=position)
        previous = chain.link(previous, position, at, chain.digest(event.meta, event.data))
        made.append(Recorded(position, at, previous, event.meta, event.data))
    return made


class KeptPlaces(NoPlaces):
    """Places that outlive a reader, in memory."""

    def __init__(self) -> None:
        self.seen = Seen()

    async def load(self, topic: str) -> Seen:
        del topic
        return Seen(dict(self.seen.offsets), dict(self.seen.heads))

    async def save(self, topic: str, offsets, heads: dict[str, Head]) -> None:
        del topic
        self.seen.offsets.update(offsets)
        self.seen.heads.update(heads)


@dataclass
class Topic:
    """A topic that the test writes itself, and who reads it."""

    settings: KafkaSettings
    producer: AIOKafkaProducer
    tasks: list[asyncio.Task[None]]
    logs: list[KafkaLog]

    @property
    def name(self) -> str:
        return TopicNames(self.settings.topic_prefix).events("intake")

    async def write(self, events: Sequence[Recorded]) -> None:
        sent = [
            await self.producer.send(
                self.name,
                key=event.meta.tenant.encode(),
                value=event.data_bytes,
                headers=headers(event),
                partition=partition_of(event.meta.tenant, self.settings.partitions),
            )
            for event in events
        ]
        await asyncio.gather(*sent)

    def reader(self, places=None) -> KafkaLog:
        log = KafkaLog("intake", self.settings, places or NoPlaces())
        self.logs.append(log)
        self.tasks.append(asyncio.create_task(log.run()))
        return log


@pytest_asyncio.fixture(loop_scope="session")
async def topic(kafka) -> AsyncIterator[Topic]:
    settings = settings_of(kafka, partitions=2)
    async with administration(settings) as admin:
        await ensure(admin, settings, TopicNames(settings.topic_prefix).events("intake"))
    producer = AIOKafkaProducer(**client_arguments(settings), acks="all")
    await producer.start()
    made = Topic(settings, producer, [], [])
    yield made
    await ended(made.tasks)
    for log in made.logs:
        await log.close()
    await producer.stop()


async def all_of(log: KafkaLog, tenant: str, limit: int = 100) -> list[int]:
    at, found = 0, []
    while batch := await log.read(tenant, at, limit):
        found += [event.position for event in batch]
        at = batch[-1].position
    return found


async def test_delivered_up_to_five_times_and_shuffled_between_logs_each_is_read_once_in_order(topic):
    chance = random.Random(5)  # noqa: S311 - a shuffle, the same each time
    tenants = [f"t-{n}" for n in range(6)]
    waiting = {tenant: repeated(history(tenant, 60), chance) for tenant in tenants}
    order: list[Recorded] = []
    while waiting:
        tenant = chance.choice(sorted(waiting))
        order.append(waiting[tenant].pop(0))
        if not waiting[tenant]:
            del waiting[tenant]
    await topic.write(order)
    log = topic.reader()
    for tenant in tenants:
        await come_to(log, tenant, 60)
        assert await all_of(log, tenant, chance.randrange(1, 50)) == list(range(1, 61))
    assert log.stopped == {}


def repeated(events: list[Recorded], chance: random.Random) -> list[Recorded]:
    """Each run of events one to five times, as a relay that begins again sends them."""
    found: list[Recorded] = []
    at = 0
    while at < len(events):
        upto = at + chance.randrange(1, 9)
        found += events[at:upto] * chance.randrange(1, 6)
        at = upto
    return found


async def test_another_event_at_a_position_stops_that_tenants_log_and_no_other(topic):
    one, other = history("t-1", 10), history("t-2", 10)
    forked = history("t-1", 5)  # other event ids: another history under the same numbers
    await topic.write([*one[:5], *other[:5], forked[4]])
    log = topic.reader()
    await eventually(lambda: stopped(log, "t-1"))
    assert isinstance(log.stopped["t-1"], ForkedLog)
    assert "t-1" in await log.health()
    await topic.write(other[5:])
    await come_to(log, "t-2", 10)
    assert await all_of(log, "t-1") == [1, 2, 3, 4, 5]


async def stopped(log: KafkaLog, tenant: str) -> bool:
    return tenant in log.stopped


@pytest.mark.parametrize("spoiled", ["data", "meta", "recorded_at", "hash"])
async def test_an_event_that_is_not_what_its_hash_says_is_never_handed_on(topic, spoiled):
    events = history("t-1", 3)
    last = events[2]
    changed = {
        "data": last.data_bytes.replace(b'"score":4', b'"score":5'),
        "meta": last.meta_bytes.replace(b'"u-1"', b'"u-2"'),
        "recorded_at": last.recorded_at + timedelta(microseconds=1),
        "hash": bytes(32),
    }[spoiled]
    parts = {"recorded_at": last.recorded_at, "hash": last.hash, "meta": last.meta_bytes, "data": last.data_bytes}
    parts[spoiled] = changed
    await topic.write([*events[:2], Recorded(3, parts["recorded_at"], parts["hash"], parts["meta"], parts["data"])])
    log = topic.reader()
    await eventually(lambda: stopped(log, "t-1"))
    assert isinstance(log.stopped["t-1"], ForkedLog)
    assert await all_of(log, "t-1") == [1, 2]


async def test_past_a_gap_nothing_is_handed_on_until_what_is_missing_comes(topic):
    events = history("t-1", 8)
    await topic.write([*events[:3], *events[5:]])
    log = topic.reader()
    await eventually(lambda: stopped(log, "t-1"))
    assert log.stopped["t-1"].facts == {"tenant": "t-1", "service": "intake", "position": 4}
    assert isinstance(log.stopped["t-1"], GapInLog)
    assert await all_of(log, "t-1") == [1, 2, 3]
    await topic.write(events[3:])
    await come_to(log, "t-1", 8)
    assert await all_of(log, "t-1") == list(range(1, 9))
    assert log.stopped == {}


async def test_what_is_no_event_is_passed_over(topic):
    events = history("t-1", 4)
    await topic.write(events[:2])
    partition = partition_of("t-1", 2)
    other_service = prepared("t-1", "capa-1", 1, service="capa")
    for value, key, told in (
        (b"hello", None, []),
        (b"\xff", b"\xff", [("suyuanmeta", b"{}"), ("ce_position", b"3")]),
        (events[2].data_bytes, b"somebody-else", headers(events[2])),
        (other_service.data, b"t-1", headers(Recorded(3, BEGIN, bytes(32), other_service.meta, other_service.data))),
    ):
        await topic.producer.send_and_wait(topic.name, value=value, key=key, headers=told, partition=partition)
    await topic.write(events[2:])
    log = topic.reader()
    await come_to(log, "t-1", 4)
    assert await all_of(log, "t-1") == [1, 2, 3, 4]


async def test_begun_again_it_goes_on_where_it_was_and_still_reads_everything(topic):
    """More than fits in the newest page, so that the older ones are fetched, and found by bisection."""
    count = 5 * PAGE
    events = history("t-1", count)
    busy = history("t-2", 3 * PAGE)
    chance = random.Random(3)  # noqa: S311 - the same each time
    half = count // 2
    await topic.write(events[:half])
    await topic.write(busy)
    await topic.write(events[half - 100 : half])  # a relay that began again
    places = KeptPlaces()
    first = topic.reader(places)
    await come_to(first, "t-1", half)
    await eventually(lambda: is_kept(places, half))
    await ended(topic.tasks)
    await topic.write(events[half:])
    log = topic.reader(places)
    await come_to(log, "t-1", count)
    assert (partition_of("t-1", 2), 0) not in log._tail.pages._kept  # not read from the beginning
    for _ in range(30):
        after = chance.randrange(count)
        found = [event.position for event in await log.read("t-1", after, 40)]
        assert found == list(range(after + 1, after + 1 + len(found)))
        assert found
    assert await all_of(log, "t-1", 333) == list(range(1, count + 1))


async def is_kept(places: KeptPlaces, position: int) -> bool:
    head = places.seen.heads.get("t-1")
    return head is not None and head.position == position


async def test_what_lies_before_its_place_in_a_topic_that_was_made_anew_is_found(topic):
    """The new topic is as long as the old one was, and has a tenant's next event where that one's last had been."""
    events, others = history("t-1", 8), history("t-2", 3 * PAGE)
    assert partition_of("t-1", 2) == partition_of("t-2", 2)
    await topic.write(events[:6])
    await topic.write(others)
    await topic.write(events[6:])
    places = KeptPlaces()
    partition = partition_of("t-1", 2)
    before = 2 * PAGE - len(events[:6])  # of the others, before the page that reading begins with
    heads = {
        "t-1": Head(4, events[3].hash, partition, 2 * PAGE),
        "t-2": Head(before, others[before - 1].hash, partition, 2 * PAGE - 1),
    }
    places.seen = Seen({partition: 2 * PAGE + 9}, heads)
    log = topic.reader(places)
    await come_to(log, "t-1", 8)
    assert await all_of(log, "t-1") == list(range(1, 9))
    assert log.stopped == {}


async def test_places_of_a_topic_that_was_made_anew_mislead_nobody(topic):
    """As after a loss: the same events at other offsets."""
    events = history("t-1", 3 * PAGE)
    places = KeptPlaces()
    places.seen = Seen({0: 9_000, 1: 9_000}, {"t-1": Head(100, events[99].hash, partition_of("t-1", 2), 8_000)})
    await topic.write(events)
    log = topic.reader(places)
    log._hints[("t-1", 50)] = 700
    await come_to(log, "t-1", len(events))
    assert [event.position for event in await log.read("t-1", 50, 3)] == [51, 52, 53]
    assert await all_of(log, "t-1") == list(range(1, len(events) + 1))
