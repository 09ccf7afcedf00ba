"""Publishing a log in order: each partition of a topic has one unacknowledged batch, which is kept whole or not at all.

So nothing can land after something that was refused. After any failure the producer is thrown away, and whoever
publishes begins again by taking over from itself. Where a log goes, and what an event becomes there, an `Outlet` says.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client import Counter

from shared.adapters.failpoints import failpoint
from shared.adapters.kafka.connection import BROKEN, client_arguments
from shared.adapters.kafka.history import Published, save
from shared.adapters.kafka.records import Headers, partition_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic
from shared.adapters.logging import get_logger
from shared.adapters.patience import back_off
from shared.adapters.postgres.connection import BROKEN as DATABASE_BROKEN
from shared.kernel import chain
from shared.kernel.errors import LogError, StoreError
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded

AT_ONCE = 1000
"""Events read from the table at once."""
PATIENCE_SECONDS = 1.0
SAVE_SECONDS = 0.25
RETRY_SECONDS = 0.5
LATE_SECONDS = 5.0

_log = get_logger("suyuan.publishing")

_LAG = """
select coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint events,
    coalesce(extract(epoch from clock_timestamp() - min(oldest.recorded_at)), 0)::float8 seconds
from log.head h
left join log.checkpoint c on c.consumer = $1 and c.source = $2 and c.tenant = h.tenant
left join lateral (
    select e.recorded_at from log.event e where e.tenant = h.tenant and e.position = coalesce(c.position, 0) + 1
) oldest on true
where h.position > coalesce(c.position, 0) and ($3::text[] is null or h.tenant = any($3))"""


@dataclass(frozen=True, slots=True)
class Lag:
    """What is not published yet: how many events, and for how long the oldest of them has waited."""

    events: int
    seconds: float

    @property
    def is_late(self) -> bool:
        return self.seconds > LATE_SECONDS


class Wire(NamedTuple):
    """What an event becomes on a topic."""

    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where a log goes. `consumer` keeps the checkpoints; `topic` is a tenant's, None: that one's is not published.

    `wire` answers None for an event that is passed over: its position counts as published.
    """

    consumer: str
    topic: Callable[[str], Topic | None]
    wire: Callable[[Recorded], Wire | None]
    counter: Counter


class Publisher(ABC):
    """`run` it in every process of a service; one of them is active. `name` is how its health is called."""

    def __init__(self, name: str, pool: asyncpg.Pool, log: EventLog, settings: KafkaSettings) -> None:
        self.name = name
        self._pool = pool
        self._log = log
        self._settings = settings
        self._client = client_arguments(settings)
        self._trouble: LogError | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except (*BROKEN, *DATABASE_BROKEN, StoreError) as problem:
                _log.warning("publishing stopped, beginning again", publisher=self.name, why=repr(problem))
            except LogError as problem:
                self._refuse(problem)
            await back_off(RETRY_SECONDS)

    @abstractmethod
    async def _lead(self) -> None:
        """Become the active one, and publish until something fails."""

    def _refuse(self, problem: LogError) -> None:
        if str(self._trouble) != str(problem):
            _log.error("nothing is published", publisher=self.name, of=self._log.service, why=str(problem))
        self._trouble = problem

    async def _lag(self, consumer: str, tenants: Sequence[str] | None = None) -> Lag:
        """Of these tenants; of all where none are named."""
        row = await self._pool.fetchrow(_LAG, consumer, self._log.service, tenants)
        return Lag(row["events"], row["seconds"])

    async def close(self) -> None:  # noqa: B027 - what every companion has, and nothing to do for any of these
        """Nothing is held beyond `run`."""


@dataclass(slots=True)
class _Batch:
    """What one produce request carries, and how far each tenant is with it."""

    builder: Any
    positions: dict[str, int]


class Publishing:
    """From one taking over to the first failure: a worker for each partition that has something to send."""

    def __init__(
        self, pool: asyncpg.Pool, log: EventLog, producer: AIOKafkaProducer, outlet: Outlet, published: Published
    ) -> None:
        self._pool = pool
        self._log = log
        self._producer = producer
        self._outlet = outlet
        self._published = published
        self._queued = dict(published.positions)
        self._noticed = dict(published.positions)
        self._waiting: defaultdict[TopicPartition, dict[str, None]] = defaultdict(dict)
        self._workers: dict[TopicPartition, asyncio.Task[None]] = {}
        self._unsaved: set[str] = set()

    async def run(self) -> None:
        """Raises what ended it: KafkaError, asyncpg's errors, StoreError."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._save_now_and_then())
                while True:
                    self._send(group, await self._log.changed(self._noticed, PATIENCE_SECONDS))
        except BaseExceptionGroup as failed:
            raise _first(failed) from failed

    def _send(self, group: asyncio.TaskGroup, ahead: Mapping[str, int]) -> None:
        self._noticed.update(ahead)
        for tenant in ahead:
            topic = self._outlet.topic(tenant)
            if topic is None:
                continue
            place = TopicPartition(topic.name, partition_of(tenant, topic.partitions))
            self._waiting[place][tenant] = None
            worker = self._workers.get(place)
            if worker is None or worker.done():
                self._workers[place] = group.create_task(self._drain(place))

    async def _drain(self, place: TopicPartition) -> None:
        """One batch on its way, the next one being filled meanwhile."""
        landing: asyncio.Task[None] | None = None
        try:
            while True:
                batch = await self._filled(place)
                if landing is not None:
                    await landing
                    landing = None
                if batch is not None:
                    landing = asyncio.create_task(self._landed(place, batch))
                elif not self._waiting[place]:
                    return
        finally:
            if landing is not None:
                landing.cancel()
                await asyncio.gather(landing, return_exceptions=True)

    async def _filled(self, place: TopicPartition) -> _Batch | None:
        """As much as a batch holds of what waits, tenant after tenant. None where nothing does."""
        batch = _Batch(self._producer.create_batch(), {})
        waiting = self._waiting[place]
        while waiting:
            tenant = next(iter(waiting))
            del waiting[tenant]  # whoever has more, or gets more meanwhile, comes again
            for event in await self._log.read(tenant, self._queued.get(tenant, 0), AT_ONCE):
                wire = self._outlet.wire(event)
                if wire is not None and not _added(batch, tenant, event, wire):
                    waiting[tenant] = None
                    return batch
                batch.positions[tenant] = self._queued[tenant] = event.position
            if self._queued.get(tenant, 0) < self._noticed[tenant]:
                waiting[tenant] = None
        return batch if batch.positions else None

    async def _landed(self, place: TopicPartition, batch: _Batch) -> None:
        count = batch.builder.record_count()
        if count:
            failpoint("before-produce")
            sent = await self._producer.send_batch(batch.builder, place.topic, partition=place.partition)
            kept = await sent
            failpoint("after-produce-before-checkpoint")
            self._published.offsets[place] = kept.offset + count
            self._outlet.counter.inc(count)
        self._published.positions.update(batch.positions)
        self._unsaved.update(batch.positions)

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            if self._unsaved:
                unsaved, self._unsaved = self._unsaved, set()
                positions = {tenant: self._published.positions[tenant] for tenant in unsaved}
                await save(self._pool, self._outlet.consumer, self._log.service, positions, self._published.offsets)


def _added(batch: _Batch, tenant: str, event: Recorded, wire: Wire) -> bool:
    """False where the batch is full."""
    at = chain.microseconds(event.recorded_at) // 1000
    done = batch.builder.append(timestamp=at, key=tenant.encode(), value=wire.value, headers=wire.headers)
    return done is not None


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """What really went wrong first, of what ended together."""
    one = failed.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
