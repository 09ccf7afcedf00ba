"""A Kafka of our own launcher for the measurements that go through topics, and the references on that same broker."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.rig import Rig, Service
from deploy.kafka.binaries import programs
from deploy.kafka.errors import KafkaNotFetched, KafkaToolsMissing
from deploy.kafka.local import LocalKafka
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.fenced import BATCH_BYTES
from shared.adapters.kafka.records import Headers
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic, TopicNames, administration, ensure
from shared.kernel.ids import new_id

Message = tuple[bytes, bytes, Headers]
"""Key, value, headers."""


def lacking() -> str | None:
    """Why no broker can run here; None where one can."""
    try:
        programs()
    except (KafkaToolsMissing, KafkaNotFetched) as missing:
        return missing.text("en")
    return None


@asynccontextmanager
async def broker(rig: Rig) -> AsyncIterator[KafkaSettings]:
    """One broker on a throwaway folder."""
    folder = rig.folder / f"kafka-{new_id().hex[-8:]}"
    async with LocalKafka(folder) as kafka:
        yield KafkaSettings(bootstrap=kafka.bootstrap, replicas=1, min_insync=1)
    shutil.rmtree(folder)


def of_its_own(settings: KafkaSettings) -> KafkaSettings:
    """The same broker, topics that nobody has written to."""
    return settings.model_copy(update={"topic_prefix": f"b{new_id().hex[-12:]}"})


async def made(settings: KafkaSettings, service: str = "intake") -> Topic:
    async with administration(settings) as admin:
        return await ensure(admin, settings, TopicNames(settings.topic_prefix).events(service))


async def forget_topics(service: Service) -> None:
    """As if its database had never seen a topic."""
    owner = await asyncpg.connect(**service.owner)
    await owner.execute("truncate log.topic_tail, log.topic_head")
    await owner.execute("delete from log.checkpoint where consumer = 'relay'")
    await owner.close()


async def produced(settings: KafkaSettings, topic: Topic, messages: Sequence[Message]) -> float:
    """Messages a second of aiokafka's producer alone: idempotent, acks=all, zstd, our size of a batch."""
    producer = AIOKafkaProducer(
        **client_arguments(settings),
        enable_idempotence=True,
        acks="all",
        compression_type="zstd",
        max_batch_size=BATCH_BYTES,
    )
    await producer.start()
    start = time.perf_counter()
    for key, value, headers in messages:
        await producer.send(topic.name, value, key, headers=headers)
    await producer.flush()
    taken = time.perf_counter() - start
    await producer.stop()
    return len(messages) / taken


async def consumed(settings: KafkaSettings, topic: Topic, count: int) -> float:
    """Messages a second of aiokafka's consumer alone, from the topic's beginning."""
    consumer = AIOKafkaConsumer(**client_arguments(settings), auto_offset_reset="none", enable_auto_commit=False)
    await consumer.start()
    places = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
    consumer.assign(places)
    for place in places:
        consumer.seek(place, 0)
    start, seen = time.perf_counter(), 0
    while seen < count:
        seen += sum(map(len, (await consumer.getmany(timeout_ms=1000)).values()))
    taken = time.perf_counter() - start
    await consumer.stop()
    return count / taken
