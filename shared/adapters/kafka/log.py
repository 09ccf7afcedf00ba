"""EventLog over a topic: another service's history as it published it, held to its chain on the way in.

One consumer of the process follows all partitions and applies exactly *last + 1* of each tenant's log: a lower position
with the same hash is a repeat, with another hash a fork; a higher one is a gap. Nothing past a fork or a gap is handed
on. Who consumes keeps position and offset with the rows it wrote, in one transaction (log.checkpoint): no group of
Kafka's decides who may write, so no rebalance and no zombie can make anything happen twice.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import attrgetter

from shared.adapters.kafka.connection import BROKEN
from shared.adapters.kafka.pages import PAGE
from shared.adapters.kafka.places import Head, Places
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.tail import RETRY_SECONDS, Tail
from shared.adapters.logging import get_logger
from shared.adapters.patience import back_off
from shared.kernel.errors import GapInLog, LogError, StoreUnavailable
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded

HINTS = 10_000
END_SECONDS = 0.5
AT_A_TIME = 4
NOBODY = ""
"""A reader who isn't waited for."""
_PLACE = attrgetter("place")

_log = get_logger("suyuan.topic")


class KafkaLog:
    """One service's log as its topic tells it. `run` follows the topic; what was read is served from memory."""

    def __init__(self, service: str, settings: KafkaSettings, places: Places) -> None:
        self.name = f"topic {service}"
        self.service = service
        self._places = places
        self._tail = Tail(service, settings, places, self._first_at)
        self.topic = self._tail.topic
        self._hints: OrderedDict[tuple[str, int], int] = OrderedDict()

    @property
    def stopped(self) -> Mapping[str, LogError]:
        """The tenants whose log goes no further, and why."""
        return self._tail.stopped

    @property
    def is_caught_up(self) -> bool:
        """Whether the topic was read to the end that it had at the start."""
        return self._tail.caught_up.is_set()

    async def run(self) -> None:
        """Follow the topic; a broker or a database that is away is waited for."""
        self._hints.update(await self._places.consumers(self.service))
        while True:
            try:
                await self._tail.follow()
            except BROKEN as problem:
                _log.warning("topic not read, trying again", topic=self.topic, why=str(problem))
            await back_off(RETRY_SECONDS)

    async def health(self) -> str:
        if self.stopped:
            return f"stopped for {len(self.stopped)} tenant(s): {next(iter(self.stopped.values()))}"
        return "ok" if self.is_caught_up else "ok (not read to its end yet)"

    def reader(self, name: str) -> EventLog:
        """The same for one that goes through it all: what it has yet to read is kept, and the topic read no faster."""
        self._tail.pages.readers.add(name)
        return Reader(self, name)

    async def close(self) -> None:
        await self._tail.pages.close()

    async def heads(self) -> Mapping[str, int]:
        """As far as the topic goes at this moment; as far as it was read, while no broker says.

        Waits until it was read to the end that it had when we began.
        """
        await self._tail.caught_up.wait()
        with suppress(*BROKEN):
            async with asyncio.timeout(END_SECONDS):
                await self._tail.come_to_the_end()
        return {tenant: head.position for tenant, head in self._tail.heads.items()}

    async def read(self, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        return await self.read_for(NOBODY, tenant, after, limit)

    async def read_for(self, reader: str, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        head = self._tail.heads.get(tenant)
        if head is None or after >= head.position:
            return []
        try:
            batch = await self._batch(reader, head, tenant, after, min(limit, head.position - after))
        except BROKEN as problem:
            raise StoreUnavailable from problem
        if not batch:
            raise GapInLog(tenant=tenant, service=self.service, position=after + 1)
        self._remember(tenant, batch[-1])
        return batch

    async def changed(self, seen: Mapping[str, int], patience: float) -> Mapping[str, int]:
        grown = self._tail.grown
        ahead = self._ahead(seen)
        if ahead:
            return ahead
        try:
            async with asyncio.timeout(patience):
                await grown.wait()
        except TimeoutError:
            return {}
        return self._ahead(seen)

    async def reached(self, tenant: str, position: int, patience: float) -> bool:
        deadline = asyncio.get_running_loop().time() + patience
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            if tenant in await self.changed({**self._others(tenant), tenant: position - 1}, left):
                return True
        return tenant in self._ahead({tenant: position - 1})

    def _others(self, tenant: str) -> Mapping[str, int]:
        return {name: head.position for name, head in self._tail.heads.items() if name != tenant}

    def _ahead(self, seen: Mapping[str, int]) -> Mapping[str, int]:
        heads = self._tail.heads
        return {tenant: head.position for tenant, head in heads.items() if head.position > seen.get(tenant, 0)}

    async def _batch(self, reader: str, head: Head, tenant: str, after: int, count: int) -> Sequence[Recorded]:
        """From where the event before was last seen; where that isn't so any more, from where it is found."""
        if after == 0:
            return await self._collect(reader, head, tenant, 0, count, 0)
        hint = self._hints.get((tenant, after))
        batch = [] if hint is None else await self._collect(reader, head, tenant, after, count, hint)
        if not batch:
            found = await self._search(head, tenant, after + 1)
            batch = [] if found is None else await self._collect(reader, head, tenant, after, count, found)
        return batch

    async def _collect(
        self, reader: str, head: Head, tenant: str, after: int, count: int, start: int
    ) -> list[Recorded]:
        """The tenant's events past `after`, in order, from offset `start` on; empty where they don't go on there.

        Not many pages are fetched for one tenant: the others that lie on them are to have their turn meanwhile.
        """
        found: list[Recorded] = []
        fetched = 0
        for number in range(start // PAGE, head.place // PAGE + 1):
            if not self._tail.pages.has(head.partition, number):
                fetched += 1
                if found and fetched > AT_A_TIME:
                    break
            events = (await self._tail.pages.page(head.partition, number, tenant, reader)).by_tenant.get(tenant, [])
            for event in events[bisect_left(events, start, key=_PLACE) :]:
                if event.position == after + 1:
                    found.append(event)
                    after += 1
                elif event.position > after:  # a hint of before the topic was made anew
                    return found
                if len(found) == count:
                    return found
        return found

    async def _search(self, head: Head, tenant: str, position: int) -> int | None:
        """The offset of a tenant's position, by bisection over pages: positions rise by one at a time, or repeat."""
        marks = self._tail.marks.get(tenant, [])
        nearest = bisect_left(marks, (position, 0))
        low = marks[nearest - 1][1] // PAGE if nearest else 0
        high = (marks[nearest][1] if nearest < len(marks) else head.place) // PAGE
        while low <= high:
            middle = (low + high) // 2
            number, events = await self._page_with(head.partition, tenant, middle, high)
            place = next((event.place for event in events if event.position == position), None)
            if place is not None:
                return place
            if events and events[0].position < position:
                low = number + 1
            else:
                high = middle - 1
        return None

    async def _page_with(self, partition: int, tenant: str, number: int, last: int) -> tuple[int, Sequence[Recorded]]:
        """The first page from `number` to `last` that has events of the tenant."""
        while number <= last:
            events = (await self._tail.pages.page(partition, number, tenant, NOBODY)).by_tenant.get(tenant)
            if events:
                return number, events
            number += 1
        return last, ()

    async def _first_at(self, tenant: str, position: int) -> Recorded | None:
        head = self._tail.heads[tenant]
        batch = await self._batch(NOBODY, head, tenant, position - 1, 1)
        return batch[0] if batch else None

    def _remember(self, tenant: str, last: Recorded) -> None:
        if last.place is not None:
            self._hints[tenant, last.position] = last.place
            if len(self._hints) > HINTS:
                self._hints.popitem(last=False)


class Reader:
    """A KafkaLog as one of its readers has it."""

    def __init__(self, log: KafkaLog, name: str) -> None:
        self.service = log.service
        self._log = log
        self._name = name
        self.heads = log.heads
        self.changed = log.changed
        self.reached = log.reached

    async def read(self, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        return await self._log.read_for(self._name, tenant, after, limit)
