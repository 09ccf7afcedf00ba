"""Follows a topic to its end and on: each tenant's log in order, held to its chain, with the newest events at hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.pages import PAGE, Pages
from shared.adapters.kafka.places import Head, Places
from shared.adapters.kafka.records import Record, events, follows
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic, TopicNames, administration, existing
from shared.adapters.logging import get_logger
from shared.adapters.patience import let_go
from shared.adapters.postgres.connection import BROKEN as DATABASE_BROKEN
from shared.kernel.chain import GENESIS
from shared.kernel.errors import ForkedLog, GapInLog, LogError
from shared.kernel.recorded import Recorded

POLL_MS = 1000
SAVE_SECONDS = 1.0
RETRY_SECONDS = 0.5
READER_SECONDS = 2.0
"""A reader that goes on looks at the next page well within that."""
LOOKS = 2
AT_ONCE = 5000
"""Records between two looks at anything else."""

_log = get_logger("suyuan.topic")

FindEvent = Callable[[str, int], Awaitable[Recorded | None]]
"""(tenant, position) → the first event that the topic has there."""


class Tail:
    """One topic's newest part. `heads` is what was applied; `stopped` says whose log goes no further, and why."""

    def __init__(self, service: str, settings: KafkaSettings, places: Places, find: FindEvent) -> None:
        self.service = service
        self.topic = TopicNames(settings.topic_prefix).events(service)
        self._settings = settings
        self._client = client_arguments(settings)
        self.pages = Pages(service, self.topic, self._client)
        self.heads: dict[str, Head] = {}
        self.marks: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self.stopped: dict[str, LogError] = {}
        self.caught_up = asyncio.Event()
        self._places = places
        self._find = find
        self._offsets: dict[int, int] = {}
        self._looked_back: dict[str, tuple[int, int]] = {}
        self._repeats: list[Recorded] = []
        self._back: dict[int, int] = {}
        self._unsaved: set[str] = set()
        self._unheeded, self._in_vain = 0, 1
        self.grown = asyncio.Event()
        self._following: AIOKafkaConsumer | None = None

    async def follow(self) -> None:
        """Until cancelled; a broker that is away is asked again. Raises KafkaError, asyncpg's errors."""
        seen = await self._places.load(self.topic)
        self.heads = {**seen.heads, **self.heads}
        async with self._consumer(seen.offsets) as consumer:
            ends = await consumer.end_offsets(consumer.assignment())
            saved = asyncio.get_running_loop().time()
            while True:
                got = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
                await self._apply(consumer, got)
                if not self.caught_up.is_set() and all(self._offsets[at.partition] >= end for at, end in ends.items()):
                    self.caught_up.set()
                if asyncio.get_running_loop().time() - saved > SAVE_SECONDS:
                    await self._save()
                    saved = asyncio.get_running_loop().time()
                await self._wait_for_readers()

    async def _wait_for_readers(self) -> None:
        """What is read long before its turn would have to be fetched again.

        While no reader goes on (none there, or all halted) it is waited for ever more seldom: heads are to be known.
        """
        if self._unheeded:
            self._unheeded -= 1
        elif await self.pages.looked_at(READER_SECONDS):
            self._in_vain = 1
        else:
            self._unheeded = self._in_vain
            self._in_vain *= 2

    async def come_to_the_end(self) -> None:
        """Return once everything that the topic has now was applied. Raises KafkaError."""
        consumer = self._following
        if consumer is None:
            return
        ends = {at.partition: end for at, end in (await consumer.end_offsets(consumer.assignment())).items()}
        while any(self._offsets[partition] < end for partition, end in ends.items()):
            await self.grown.wait()

    async def _apply(self, consumer: AIOKafkaConsumer, got: Mapping[TopicPartition, Sequence[Record]]) -> None:
        for place, records in got.items():
            for record, event in events(records, self.service):
                if place.partition not in self._back:
                    self._take(record, event)
        before = dict(self._offsets)
        for place in consumer.assignment():
            back = self._back.pop(place.partition, None)
            if back is None:
                at = await consumer.position(place)
                self.pages.grown_to(place.partition, at)
            else:  # what came after it was left where it is, and comes again
                at = back
                consumer.seek(place, back)
            self._offsets[place.partition] = at
        await self._compare_repeats()
        if before != self._offsets:
            self.grown.set()
            self.grown = asyncio.Event()

    def _take(self, record: Record, event: Recorded) -> None:
        tenant = event.meta.tenant
        head = self.heads.get(tenant)
        position, previous = (0, GENESIS) if head is None else (head.position, head.hash)
        self.pages.add(record.partition, tenant, event, record.offset)
        if event.position == position + 1:
            self._next(record, event, previous)
        elif event.position > position:
            self._gap(record, tenant, position + 1)
        elif head is not None and record.offset > head.place:
            self._repeats.append(event)

    def _next(self, record: Record, event: Recorded, previous: bytes) -> None:
        tenant = event.meta.tenant
        if not follows(event, previous):
            self._stop(tenant, ForkedLog(tenant=tenant, service=self.service, position=event.position))
            return
        self.heads[tenant] = Head(event.position, event.hash, record.partition, record.offset)
        self._unsaved.add(tenant)
        if event.position % PAGE == 0:
            self.marks[tenant].append((event.position, record.offset))
        if isinstance(self.stopped.get(tenant), GapInLog):
            del self.stopped[tenant]

    def _gap(self, record: Record, tenant: str, missing: int) -> None:
        """Looked for from the last event on, then from the beginning; then the tenant's log waits for it.

        Where the topic was made anew, the last event's place is no longer where it was.
        """
        head = self.heads.get(tenant)
        wanted, looks = self._looked_back.get(tenant, (missing, 0))
        looks = 0 if wanted != missing else looks
        self._looked_back[tenant] = (missing, looks + 1)
        if looks == LOOKS:
            self._looked_back[tenant] = (missing, looks)
            self._stop(tenant, GapInLog(tenant=tenant, service=self.service, position=missing))
            return
        back = head.place + 1 if head is not None and looks == 0 else 0
        self._back[record.partition] = min(back, self._back.get(record.partition, back))

    async def _compare_repeats(self) -> None:
        """A position that was applied came again: it must be the very same event."""
        repeats, self._repeats = self._repeats, []
        for event in repeats:
            tenant = event.meta.tenant
            first = await self._find(tenant, event.position)
            if first is None or first.hash != event.hash:
                self._stop(tenant, ForkedLog(tenant=tenant, service=self.service, position=event.position))

    def _stop(self, tenant: str, why: LogError) -> None:
        if tenant not in self.stopped:
            _log.error("log stopped", topic=self.topic, tenant=tenant, why=str(why))
        self.stopped[tenant] = why

    async def _save(self) -> None:
        unsaved, self._unsaved = self._unsaved, set()
        try:
            await self._places.save(self.topic, self._offsets, {tenant: self.heads[tenant] for tenant in unsaved})
        except DATABASE_BROKEN:
            self._unsaved |= unsaved

    @asynccontextmanager
    async def _consumer(self, offsets: Mapping[int, int]) -> AsyncIterator[AIOKafkaConsumer]:
        """Assigned to every partition, each from the beginning of the page that was read last."""
        consumer = AIOKafkaConsumer(**self._client, auto_offset_reset="none", enable_auto_commit=False)
        try:
            topic = await self._topic()
            await consumer.start()
            places = [TopicPartition(self.topic, partition) for partition in range(topic.partitions)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            for place in places:
                at = self._offsets.get(place.partition, offsets.get(place.partition, 0))
                start = at // PAGE * PAGE if at <= ends[place] else 0  # shorter than it was: made again from its log
                consumer.seek(place, start)
                self._offsets[place.partition] = start
            self._following = consumer
            yield consumer
        finally:
            self._following = None
            await let_go("consumer", consumer.stop, consumer._client.close)  # noqa: SLF001 - it has no name for it

    async def _topic(self) -> Topic:
        """Once the service that owns the topic has made it."""
        async with administration(self._settings) as admin:
            while (found := await existing(admin, self.topic)) is None:  # noqa: ASYNC110 - brokers do not tell
                await asyncio.sleep(RETRY_SECONDS)
            return found
