"""A producer that nobody can outlive: whoever took over later has it refused by the brokers themselves.

Kafka numbers the holders of a transactional id: each new one gets a higher epoch, and a partition that has seen the
higher epoch refuses the lower (KIP-98, "zombie fencing"). So whoever takes over first writes a marker of its epoch into
every partition, by an empty transaction over all of them; what a stalled predecessor sends when it wakes up is refused.
The events themselves are then sent outside transactions, idempotent under the same id and epoch: no marker a batch, and
consumers wait for nothing. The library offers no call for either half, so two of its inner parts are used here and
nowhere else; tests/integration/kafka/test_fenced.py holds it to real brokers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from shared.adapters.patience import let_go

MARK_MS = 10_000
"""An unfinished taking over is undone by the brokers after so long."""
BATCH_BYTES = 900_000
"""Below the brokers' default for a request's largest batch (1 MiB)."""


def name_of(topic: str) -> str:
    """The transactional id of the one producer of a topic: what a right to it is given by."""
    return f"{topic}.relay"


@asynccontextmanager
async def fenced(
    client: Mapping[str, Any], name: str, partitions: Mapping[str, int]
) -> AsyncIterator[AIOKafkaProducer]:
    """The only producer called `name` that these topics (name → number of partitions) still listen to.

    Idempotent, acks=all, zstd. After any failed send it must be left: the library lets later records land after one
    that was refused. Raises KafkaError.
    """
    identity = await _take_over(client, name, partitions)
    producer = AIOKafkaProducer(
        **client, enable_idempotence=True, acks="all", compression_type="zstd", max_batch_size=BATCH_BYTES
    )
    producer._txn_manager.set_pid_and_epoch(*identity)  # noqa: SLF001 - see the module's first lines
    try:
        await producer.start()
        yield producer
    finally:
        await let_go("producer", producer.stop, producer.client.close)


async def _take_over(client: Mapping[str, Any], name: str, partitions: Mapping[str, int]) -> tuple[int, int]:
    marker = AIOKafkaProducer(**client, transactional_id=name, transaction_timeout_ms=MARK_MS)
    try:
        await marker.start()
        manager = marker._txn_manager  # noqa: SLF001 - see the module's first lines
        async with marker.transaction():
            for topic, count in partitions.items():
                await marker.partitions_for(topic)
                for partition in range(count):
                    manager.maybe_add_partition_to_txn(TopicPartition(topic, partition))
        return manager.producer_id, manager.producer_epoch
    finally:
        await let_go("producer", marker.stop, marker.client.close)
