"""Events of a topic as they lie: pages of a partition's offsets, kept while they are asked for, fetched again when not.

Consumers of one process that are about the same place share pages; the newest of each partition is always kept, so who
is up to date never asks the brokers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.adapters.kafka.records import events
from shared.adapters.patience import let_go
from shared.kernel.recorded import Recorded

PAGE = 256
"""Offsets a page: the newest of each partition stays in memory."""
KEPT_BYTES = 32 << 20
AHEAD_BYTES = KEPT_BYTES // 2
"""What may lie here that nobody has looked at yet: whoever follows the topic waits for its readers then."""
OVERHEAD_BYTES = 500
"""What an event takes beside its own bytes."""
PATIENCE_MS = 1000
LONGEST_SECONDS = 15.0

PageKey = tuple[int, int]
"""Partition and number of the page."""


class Page:
    """What lies between two offsets, by tenant. Everything before `end` is in it; the newest page still grows."""

    __slots__ = ("by_tenant", "counted", "end", "seen", "size")

    def __init__(self, start: int, *, counted: bool = True) -> None:
        """`counted`: its readers are waited for."""
        self.end = start
        self.size = 0
        self.counted = counted
        self.seen: set[tuple[str, str]] = set()
        self.by_tenant: dict[str, list[Recorded]] = {}

    def add(self, tenant: str, event: Recorded) -> int:
        """How many bytes it grew by."""
        self.by_tenant.setdefault(tenant, []).append(event)
        grown = len(event.meta_bytes) + len(event.data_bytes) + OVERHEAD_BYTES
        self.size += grown
        return grown


class Pages:
    """The pages of one topic. `add` and `grown_to` are for whoever follows it, `page` for whoever reads.

    `readers` are those who go through it all, each tenant by tenant: a page that some reader has yet to look at waits.
    They are named before the topic is followed.
    """

    def __init__(self, service: str, topic: str, client: Mapping[str, Any]) -> None:
        self.topic = topic
        self._service = service
        self._client = client
        self.readers: set[str] = set()
        self._kept: OrderedDict[PageKey, Page] = OrderedDict()
        self._newest: dict[int, int] = {}
        self._bytes = 0
        self._waiting = 0
        self._looked_at = asyncio.Event()
        self._fetching = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None

    def add(self, partition: int, tenant: str, event: Recorded, offset: int) -> None:
        """The next record of a partition, in order."""
        number = offset // PAGE
        self._newest[partition] = number
        page = self._kept.get((partition, number))
        if page is None:
            page = self._keep((partition, number), Page(number * PAGE))
        if offset >= page.end:  # else read before, by whoever fetched the page
            waited = self._waits(page)
            self._bytes += page.add(tenant, event)
            if page.seen:
                page.seen.difference_update([(reader, tenant) for reader in self.readers])
            self._waiting += self._waits(page) - waited
            page.end = offset + 1

    def grown_to(self, partition: int, offset: int) -> None:
        """Everything before this offset was added: what lies between the last record and it is no event."""
        page = self._kept.get((partition, self._newest.get(partition, -1)))
        if page is not None:
            page.end = max(page.end, min(offset, (self._newest[partition] + 1) * PAGE))

    def has(self, partition: int, number: int) -> bool:
        return (partition, number) in self._kept

    async def looked_at(self, patience: float) -> bool:
        """Whether there is room to go on, or somebody has made some within `patience` seconds."""
        while self._waiting > AHEAD_BYTES:
            looked_at = self._looked_at
            try:
                async with asyncio.timeout(patience):
                    await looked_at.wait()
            except TimeoutError:
                return False
        return True

    async def page(self, partition: int, number: int, tenant: str, reader: str) -> Page:
        """The page for a tenant's and reader's sake, fetched where it isn't kept: as far as the topic has it.

        Raises KafkaError, TimeoutError.
        """
        key = (partition, number)
        page = self._kept.get(key)
        if page is None:
            async with self._fetching, asyncio.timeout(LONGEST_SECONDS):
                page = self._kept.get(key) or await self._fetched(partition, number)
        if reader in self.readers and tenant in page.by_tenant and (reader, tenant) not in page.seen:
            waited = self._waits(page)
            page.seen.add((reader, tenant))
            self._waiting += self._waits(page) - waited
            self._looked_at.set()
            self._looked_at = asyncio.Event()
        return page

    def _waits(self, page: Page) -> int:
        """Its bytes, while some reader has not looked at some tenant's events in it."""
        left = page.counted and len(page.seen) < len(page.by_tenant) * len(self.readers)
        return page.size if left else 0

    async def close(self) -> None:
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await let_go("consumer", consumer.stop, consumer._client.close)  # noqa: SLF001 - it has no name for it

    async def _fetched(self, partition: int, number: int) -> Page:
        consumer = await self._connected()
        place, page = TopicPartition(self.topic, partition), Page(number * PAGE, counted=False)
        if place not in consumer.assignment():
            consumer.assign([place])
            consumer.seek(place, page.end)
        elif await consumer.position(place) != page.end:
            consumer.seek(place, page.end)
        until = (number + 1) * PAGE
        if number >= self._newest.get(partition, 0):
            until = min(until, (await consumer.end_offsets([place]))[place])
        while page.end < until:
            got = await consumer.getmany(place, timeout_ms=PATIENCE_MS, max_records=until - page.end)
            for record, event in events(got.get(place, ()), self._service):
                if record.offset < until:
                    page.add(event.meta.tenant, event)
            page.end = min(until, await consumer.position(place))
        if until == (number + 1) * PAGE:  # else it grows, and who follows the topic keeps that one
            self._bytes += page.size
            self._keep((partition, number), page)
        return page

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._client, auto_offset_reset="none", enable_auto_commit=False)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    def _keep(self, key: PageKey, page: Page) -> Page:
        self._kept[key] = page
        while self._bytes > KEPT_BYTES:
            oldest = next((old for old in self._kept if old != key and self._newest.get(old[0]) != old[1]), None)
            if oldest is None:
                break
            gone = self._kept.pop(oldest)
            self._bytes -= gone.size
            self._waiting -= self._waits(gone)
        return page
