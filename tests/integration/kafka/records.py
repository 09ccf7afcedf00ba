"""Topics made, records sent and read, as any client does."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def make_topic(bootstrap: str, name: str, copies: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        answer = await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=copies)])
        assert [error for _, error, *_ in answer.topic_errors] == [0]
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, *values: bytes, **client: Any) -> list[int]:
    """Their offsets, acknowledged by every replica in sync."""
    careful = {"acks": "all", "enable_idempotence": True, "compression_type": "zstd", "max_request_size": 2 << 20}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **(careful | client))
    try:
        await producer.start()
        return [(await producer.send_and_wait(topic, value)).offset for value in values]
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str, **client: Any) -> list[bytes]:
    """Everything that is there, in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # a seek to the beginning can be overtaken by the first reset (aiokafka 0.14)
        **client,
    )
    try:
        await consumer.start()
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        while len(found) < end:
            found.append((await consumer.getone()).value)
        return found
    finally:
        await consumer.stop()
