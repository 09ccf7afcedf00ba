"""Publishes a service's log to its topic: every event once, each tenant's in order, by one process at a time.

Whoever holds the advisory lock of the service's database is the relay. It takes over from its predecessor on the
brokers (fenced.py), reads what that one may have left beyond its checkpoint (history.py), and publishes from there on.
A partition has one unacknowledged batch at a time, and a batch is kept whole or not at all, so nothing can land after
something that was refused. After any failure the producer is thrown away and all of that begins again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.adapters import metrics
from shared.adapters.failpoints import failpoint
from shared.adapters.kafka.connection import BROKEN, client_arguments
from shared.adapters.kafka.fenced import fenced, name_of
from shared.adapters.kafka.history import RELAY, Gate, HistoryInDoubt, Published, compared, save
from shared.adapters.kafka.records import headers, partition_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic, TopicNames, asserted
from shared.adapters.logging import get_logger
from shared.adapters.patience import back_off
from shared.adapters.postgres.connection import BROKEN as DATABASE_BROKEN
from shared.adapters.postgres.leading import leading
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

_log = get_logger("suyuan.relay")

_LAG = """
select coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint events,
    coalesce(extract(epoch from clock_timestamp() - min(oldest.recorded_at)), 0)::float8 seconds
from log.head h
left join log.checkpoint c on c.consumer = $1 and c.source = $2 and c.tenant = h.tenant
left join lateral (
    select e.recorded_at from log.event e where e.tenant = h.tenant and e.position = coalesce(c.position, 0) + 1
) oldest on true
where h.position > coalesce(c.position, 0)"""


@dataclass(frozen=True, slots=True)
class Lag:
    """What is not published yet: how many events, and for how long the oldest of them has waited."""

    events: int
    seconds: float


@dataclass(slots=True)
class _Batch:
    """What one produce request carries, and how far each tenant is with it."""

    builder: Any
    positions: dict[str, int]


class Relay:
    """The publishing half of one service. `run` it in every process of the service; one of them is active."""

    def __init__(self, pool: asyncpg.Pool, log: EventLog, settings: KafkaSettings, gate: Gate) -> None:
        self.name = "relay"
        self.topic = TopicNames(settings.topic_prefix).events(log.service)
        self._pool = pool
        self._log = log
        self._settings = settings
        self._client = client_arguments(settings)
        self._gate = gate
        self._trouble: LogError | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except (*BROKEN, *DATABASE_BROKEN, StoreError) as problem:
                _log.warning("publishing stopped, beginning again", topic=self.topic, why=repr(problem))
            except LogError as problem:
                self._refuse(problem)
            await back_off(RETRY_SECONDS)

    async def prepare(self) -> None:
        """Assert the topic, compare the histories, and open the gate.

        Raises TopicUnfit, TopicMissing, TopicAhead, HistoryForked, TopicLost, KafkaError.
        """
        topic = await asserted(self._pool, self._settings, self.topic)
        await compared(self._pool, self._client, self._log.service, topic)
        self._gate.open()

    async def lag(self) -> Lag:
        row = await self._pool.fetchrow(_LAG, RELAY, self._log.service)
        return Lag(row["events"], row["seconds"])

    async def health(self) -> str:
        """What waits is said; while Kafka is away commands are taken all the same."""
        if self._gate.why is not None:
            return f"nothing is written: {self._gate.why}"
        if self._trouble is not None:
            return f"ok (nothing is published: {self._trouble})"
        lag = await self.lag()
        metrics.RELAY_LAG.labels(self._log.service, "events").set(lag.events)
        metrics.RELAY_LAG.labels(self._log.service, "seconds").set(lag.seconds)
        late = lag.seconds > LATE_SECONDS
        return f"ok ({lag.events} events not published, the oldest for {lag.seconds:.0f} s)" if late else "ok"

    async def close(self) -> None:
        """Nothing is held beyond `run`."""

    def _refuse(self, problem: LogError) -> None:
        """A history in doubt is not written on. A topic that is unfit gets nothing, while commands are taken."""
        if str(self._trouble) != str(problem):
            _log.error("nothing is published", topic=self.topic, why=str(problem))
        self._trouble = problem
        if isinstance(problem, HistoryInDoubt) or self._gate.why is not None:
            self._gate.close(problem)

    async def _lead(self) -> None:
        if self._gate.why is not None:  # whoever doesn't lead writes too
            await self.prepare()
        async with leading(self._pool, f"relay {self.topic}"):
            topic = await asserted(self._pool, self._settings, self.topic)
            async with fenced(self._client, name_of(self.topic), {topic.name: topic.partitions}) as producer:
                published = await compared(self._pool, self._client, self._log.service, topic)
                self._gate.open()
                self._trouble = None
                _log.info("publishing", topic=self.topic, tenants=len(published.positions))
                await _Publishing(self._pool, self._log, producer, topic, published).run()


class _Publishing:
    """From one taking over to the first failure: a worker for each partition that has something to send."""

    def __init__(
        self, pool: asyncpg.Pool, log: EventLog, producer: AIOKafkaProducer, topic: Topic, published: Published
    ) -> None:
        self._pool = pool
        self._log = log
        self._producer = producer
        self._topic = topic
        self._published = published
        self._queued = dict(published.positions)
        self._noticed = dict(published.positions)
        self._waiting: defaultdict[int, dict[str, None]] = defaultdict(dict)
        self._workers: dict[int, asyncio.Task[None]] = {}
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
            partition = partition_of(tenant, self._topic.partitions)
            self._waiting[partition][tenant] = None
            worker = self._workers.get(partition)
            if worker is None or worker.done():
                self._workers[partition] = group.create_task(self._drain(partition))

    async def _drain(self, partition: int) -> None:
        """One batch on its way, the next one being filled meanwhile."""
        landing: asyncio.Task[None] | None = None
        try:
            while True:
                batch = await self._filled(partition)
                if landing is not None:
                    await landing
                    landing = None
                if batch is not None:
                    landing = asyncio.create_task(self._landed(partition, batch))
                elif not self._waiting[partition]:
                    return
        finally:
            if landing is not None:
                landing.cancel()
                await asyncio.gather(landing, return_exceptions=True)

    async def _filled(self, partition: int) -> _Batch | None:
        """As much as a batch holds of what waits, tenant after tenant. None where nothing does."""
        batch = _Batch(self._producer.create_batch(), {})
        waiting = self._waiting[partition]
        while waiting:
            tenant = next(iter(waiting))
            del waiting[tenant]  # whoever has more, or gets more meanwhile, comes again
            for event in await self._log.read(tenant, self._queued.get(tenant, 0), AT_ONCE):
                if not _added(batch, tenant, event):
                    waiting[tenant] = None
                    return batch
                self._queued[tenant] = event.position
            if self._queued.get(tenant, 0) < self._noticed[tenant]:
                waiting[tenant] = None
        return batch if batch.positions else None

    async def _landed(self, partition: int, batch: _Batch) -> None:
        failpoint("before-produce")
        sent = await self._producer.send_batch(batch.builder, self._topic.name, partition=partition)
        kept = await sent
        failpoint("after-produce-before-checkpoint")
        self._published.positions.update(batch.positions)
        self._published.offsets[partition] = kept.offset + batch.builder.record_count()
        self._unsaved.update(batch.positions)
        metrics.PUBLISHED.labels(self._log.service).inc(batch.builder.record_count())

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            if self._unsaved:
                unsaved, self._unsaved = self._unsaved, set()
                positions = {tenant: self._published.positions[tenant] for tenant in unsaved}
                await save(self._pool, self._log.service, self._topic.name, positions, self._published.offsets)


def _added(batch: _Batch, tenant: str, event: Recorded) -> bool:
    """False where the batch is full."""
    at = event.recorded_at
    done = batch.builder.append(
        timestamp=chain.microseconds(at) // 1000, key=tenant.encode(), value=event.data_bytes, headers=headers(event)
    )
    if done is not None:
        batch.positions[tenant] = event.position
    return done is not None


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """What really went wrong first, of what ended together."""
    one = failed.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
