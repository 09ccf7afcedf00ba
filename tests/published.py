"""A service's log written to Postgres, published by a relay, and read from its topic: the whole way of an event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from deploy.embedded.databases import ServiceDatabase
from deploy.kafka.local import LocalKafka
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.event_store import PostgresStore, PostgresSubjectKeys
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.migrate import migrate
from shared.kernel.ids import new_id

PATIENCE = 30.0


def settings_of(kafka: LocalKafka, **more: Any) -> KafkaSettings:
    """Topics of its own on the shared broker."""
    told = {"replicas": 1, "min_insync": 1, "topic_prefix": f"t{new_id().hex[-12:]}", **more}
    return KafkaSettings(bootstrap=kafka.bootstrap, **told)


@dataclass
class Published:
    """One service's two sides: `store` and `log` are its own, `read` is how the others see it."""

    settings: KafkaSettings
    owner: dict[str, Any]
    pool: asyncpg.Pool
    log: PostgresLog
    store: PostgresStore
    keys: PostgresSubjectKeys
    gate: Gate
    relay: Relay
    read: KafkaLog
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def run(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self.running.append(task)
        return task

    def another_relay(self) -> Relay:
        """As another process of the service has it."""
        return Relay(self.pool, self.log, self.settings, Gate())

    def another_reader(self) -> KafkaLog:
        return KafkaLog(self.log.service, self.settings, PostgresPlaces(self.pool))

    async def records(self) -> list[ConsumerRecord]:
        """Everything on the topic, in order within a partition."""
        return [record async for record in on_topic(self.settings, self.relay.topic)]

    async def drained(self) -> None:
        await eventually(self._is_drained)

    async def _is_drained(self) -> bool:
        return (await self.relay.lag()).events == 0


@asynccontextmanager
async def published(
    database: ServiceDatabase,
    kafka: LocalKafka | KafkaSettings,
    *,
    service: str = "intake",
    running: bool = True,
    **more: Any,
) -> AsyncIterator[Published]:
    """`running`: log, relay and reader work in the background. `kafka`: a broker, or how to reach one."""
    owner = await asyncpg.connect(**database.owner)
    await migrate(owner, str(database.runtime["user"]))
    await owner.close()
    pool = await open_pool(database.runtime, most=20)
    settings = kafka if isinstance(kafka, KafkaSettings) else settings_of(kafka, **more)
    log, gate = PostgresLog(service, pool), Gate()
    relay = Relay(pool, log, settings, gate)
    reader = KafkaLog(service, settings, PostgresPlaces(pool))
    gate.open()
    one = Published(
        settings,
        dict(database.owner),
        pool,
        log,
        PostgresStore(pool, log, gate),
        PostgresSubjectKeys(pool),
        gate,
        relay,
        reader,
    )
    one.run(log.run())
    if running:
        one.run(relay.run())
        one.run(reader.run())
    try:
        yield one
    finally:
        await ended(one.running)
        await reader.close()
        await pool.close()


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def on_topic(settings: KafkaSettings, topic: str) -> AsyncIterator[ConsumerRecord]:
    consumer = AIOKafkaConsumer(**client_arguments(settings), auto_offset_reset="none", enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def eventually(holds: Any, seconds: float = PATIENCE) -> None:
    """Return once `holds()` is true; fails after so many seconds without."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - whatever it is, it tells nobody
            await asyncio.sleep(0.02)


async def come_to(log: Any, tenant: str, position: int) -> None:
    """Return once the log tells of that position."""
    async with asyncio.timeout(PATIENCE):
        seen = {tenant: position - 1}
        while tenant not in (ahead := await log.changed(seen, 0.1)):
            seen |= ahead
