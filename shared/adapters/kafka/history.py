"""Whether a service's own table and its topic tell the same history; what was published, by what both say.

After a failover that lost commits, or a restored backup, the topic is ahead of the table or tells other events at the
same positions. Whoever wrote on would make a second history under the first one's numbers: so nothing is written until
a person has brought the missing events in (`import-tail`), or has said which history holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.adapters.kafka.records import Record, events
from shared.adapters.kafka.topics import Topic
from shared.adapters.patience import let_go
from shared.kernel.errors import LogError, WritingPaused
from shared.kernel.recorded import Recorded

RELAY = "relay"
"""The consumer under which the relay keeps its checkpoints: how far each tenant's log is published."""
POLL_MS = 50
"""Between two looks at how far it came: a marker of whoever took over moves it, and is no record."""
AT_ONCE = 2000

_PUBLISHED = "select tenant, position from log.checkpoint where consumer = $1 and source = $2"
_TAILS = "select partition, next_offset from log.topic_tail where topic = $1"
_HASHES = """
select k.tenant, k.position, e.hash from unnest($1::text[], $2::bigint[]) k(tenant, position)
left join log.event e on e.tenant = k.tenant and e.position = k.position"""
_SAVE = """
with moved as (
    insert into log.checkpoint as c (consumer, source, tenant, position)
    select $1, $2, * from unnest($3::text[], $4::bigint[]) on conflict (consumer, source, tenant)
    do update set position = excluded.position where c.position < excluded.position)
insert into log.topic_tail as t (topic, partition, next_offset)
select * from unnest($5::text[], $6::integer[], $7::bigint[]) on conflict (topic, partition)
do update set next_offset = excluded.next_offset where t.next_offset < excluded.next_offset"""


class HistoryInDoubt(LogError):
    """The published history isn't this table's: whoever wrote on would make a second one under the same numbers."""

    exit_code: ClassVar[int] = 41


@dataclass(eq=False, kw_only=True)
class TopicAhead(HistoryInDoubt):
    """The table has lost events that were published: a failover, or a backup was restored."""

    zh: ClassVar[str] = (
        "主题 {topic} 中 {tenant} 的历史到位置 {position}，而本库没有该事件：请先运行 import-tail 把缺失的事件取回"
    )
    en: ClassVar[str] = (
        "Topic {topic} has {tenant}'s history up to position {position}, the database lacks that event: "
        "bring the missing events in with import-tail first"
    )
    topic: str
    tenant: str
    position: int


@dataclass(eq=False, kw_only=True)
class HistoryForked(HistoryInDoubt):
    """Table and topic have different events at one position: two histories were written under the same numbers."""

    zh: ClassVar[str] = "历史分叉：{tenant} 的位置 {position} 在本库与主题 {topic} 中是不同的事件"
    en: ClassVar[str] = (
        "History forked: position {position} of {tenant} is another event in the database than in {topic}"
    )
    topic: str
    tenant: str
    position: int


@dataclass(eq=False, kw_only=True)
class TopicLost(LogError):
    """The topic has less than was published to it: it was made anew, or its log was cut."""

    exit_code: ClassVar[int] = 41
    zh: ClassVar[str] = "主题 {topic} 分区 {partition} 只到偏移 {found}，而已发布到 {published}：主题丢失了事件"
    en: ClassVar[str] = "Topic {topic} partition {partition} ends at {found}, {published} was published: it lost events"
    topic: str
    partition: int
    found: int
    published: int


@dataclass(slots=True)
class Published:
    """How far each tenant's log is published, and up to which offset each partition was compared."""

    positions: dict[str, int] = field(default_factory=dict)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def tails(self) -> dict[int, int]:
        """The same of one topic, by partition."""
        return {place.partition: offset for place, offset in self.offsets.items()}


class Told(NamedTuple):
    """What a record says is at a position of a tenant's log."""

    tenant: str
    position: int
    hash: bytes


Telling = Callable[[Iterable[Record], str], Iterable[Told]]
"""What the records say of a service's log."""


class Gate:
    """Stands before every append of a service: closed until its history was compared, and where that failed."""

    def __init__(self) -> None:
        self._why: LogError | None = NotCompared()

    @property
    def why(self) -> LogError | None:
        """Why it is closed."""
        return self._why

    def open(self) -> None:
        self._why = None

    def close(self, why: LogError) -> None:
        self._why = why

    def check(self) -> None:
        """Raises WritingPaused."""
        if self._why is not None:
            raise WritingPaused(why=self._why) from self._why


class NotCompared(LogError):
    zh: ClassVar[str] = "尚未与主题核对历史（Kafka 是否可达？）"
    en: ClassVar[str] = "The history was not compared with its topic yet (does Kafka answer?)"


def told_by_events(records: Iterable[Record], service: str) -> Iterator[Told]:
    """By the events themselves, as they are published."""
    return (Told(event.meta.tenant, event.position, event.hash) for _, event in events(records, service))


async def compared(
    pool: asyncpg.Pool,
    client: Mapping[str, Any],
    service: str,
    topic: Topic,
    consumer: str = RELAY,
    telling: Telling = told_by_events,
) -> Published:
    """Read what the topic has past the last comparison and hold it against the table; keep how far that went.

    Raises TopicAhead, HistoryForked, TopicLost, KafkaError, asyncpg's errors.
    """
    published = await known(pool, service, topic.name, consumer)
    async for partition, records, offset in unread_records(client, topic, published.tails):
        news = [*telling(records, service)]
        await _compare(pool, topic.name, news)
        for told in news:
            published.positions[told.tenant] = max(told.position, published.positions.get(told.tenant, 0))
        published.offsets[TopicPartition(topic.name, partition)] = offset
    await save(pool, consumer, service, published.positions, published.offsets)
    return published


async def unread(
    client: Mapping[str, Any], service: str, topic: Topic, offsets: Mapping[int, int]
) -> AsyncIterator[tuple[int, Sequence[Recorded], int]]:
    """What the topic has from these offsets (else from its beginning) to its present end.

    Gives (partition, events, next offset) piece by piece. Raises TopicLost, KafkaError.
    """
    async for partition, records, offset in unread_records(client, topic, offsets):
        yield partition, [event for _, event in events(records, service)], offset


async def unread_records(
    client: Mapping[str, Any], topic: Topic, offsets: Mapping[int, int]
) -> AsyncIterator[tuple[int, Sequence[Record], int]]:
    """The same as records, whatever they are."""
    consumer = AIOKafkaConsumer(**client, auto_offset_reset="none", enable_auto_commit=False)
    try:
        await consumer.start()
        places = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
        consumer.assign(places)
        ends, starts = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
        for place in places:
            at = offsets.get(place.partition, 0)
            if starts[place] > 0 or ends[place] < at:
                lost = starts[place] or ends[place]
                raise TopicLost(topic=topic.name, partition=place.partition, found=lost, published=at)
            consumer.seek(place, at)
        left = {place for place in places if offsets.get(place.partition, 0) < ends[place]}
        consumer.pause(*(place for place in places if place not in left))
        while left:
            got = await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place in sorted(left):
                news = [record for record in got.get(place, ()) if record.offset < ends[place]]
                at = min(ends[place], await consumer.position(place))
                if news or at == ends[place]:
                    yield place.partition, news, at
                if at == ends[place]:
                    left.discard(place)
                    consumer.pause(place)
    finally:
        await let_go("consumer", consumer.stop, consumer._client.close)  # noqa: SLF001 - it has no name for it


async def save(
    pool: asyncpg.Pool,
    consumer: str,
    service: str,
    positions: Mapping[str, int],
    offsets: Mapping[TopicPartition, int],
) -> None:
    """Keep how far the log is published; never backwards."""
    await pool.execute(
        _SAVE,
        consumer,
        service,
        list(positions),
        list(positions.values()),
        [place.topic for place in offsets],
        [place.partition for place in offsets],
        list(offsets.values()),
    )


async def known(table: asyncpg.Pool | asyncpg.Connection, service: str, topic: str, consumer: str = RELAY) -> Published:
    """What was kept of it."""
    positions = {row["tenant"]: row["position"] for row in await table.fetch(_PUBLISHED, consumer, service)}
    tails = await table.fetch(_TAILS, topic)
    return Published(positions, {TopicPartition(topic, row["partition"]): row["next_offset"] for row in tails})


async def _compare(pool: asyncpg.Pool, topic: str, news: Sequence[Told]) -> None:
    """Raises TopicAhead, HistoryForked, of the lowest position of some tenant."""
    for tenant, position in (await held_against(pool, topic, news)).items():
        raise TopicAhead(topic=topic, tenant=tenant, position=position)


async def held_against(table: asyncpg.Pool | asyncpg.Connection, topic: str, news: Sequence[Told]) -> Mapping[str, int]:
    """The last position of each tenant that the topic tells and the table lacks. Raises HistoryForked."""
    said = {(told.tenant, told.position): told.hash for told in news}
    rows = await table.fetch(_HASHES, [tenant for tenant, _ in said], [position for _, position in said])
    ahead: defaultdict[str, int] = defaultdict(int)
    for row in sorted(rows, key=lambda row: row["position"]):
        tenant, position = row["tenant"], row["position"]
        if row["hash"] is None:
            ahead[tenant] = max(ahead[tenant], position)
        elif row["hash"] != said[tenant, position]:
            raise HistoryForked(topic=topic, tenant=tenant, position=position)
    return ahead
