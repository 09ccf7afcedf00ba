"""The producer that nobody outlives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.fenced import fenced
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import administration, ensure
from tests.published import on_topic, settings_of

PARTITIONS = 3


@pytest_asyncio.fixture(loop_scope="session")
async def settings(kafka) -> AsyncIterator[KafkaSettings]:
    made = settings_of(kafka, partitions=PARTITIONS)
    async with administration(made) as admin:
        await ensure(admin, made, topic(made))
    return made


def topic(settings: KafkaSettings) -> str:
    return f"{settings.topic_prefix}.history"


def taken_over(settings: KafkaSettings):
    return fenced(client_arguments(settings), "the relay", {topic(settings): PARTITIONS})


async def sent(producer: AIOKafkaProducer, settings: KafkaSettings, partition: int, value: bytes) -> None:
    batch = producer.create_batch()
    batch.append(key=b"t", value=value, timestamp=None)
    await (await producer.send_batch(batch, topic(settings), partition=partition))


async def test_whoever_was_taken_over_from_can_publish_nothing_more_to_any_partition(settings):
    async with taken_over(settings) as stalled:
        await sent(stalled, settings, 0, b"first")
        async with taken_over(settings) as successor:
            for partition in range(PARTITIONS):  # also where neither has written yet
                with pytest.raises(ProducerFenced):
                    await sent(stalled, settings, partition, b"too late")
            await sent(successor, settings, 0, b"second")
    assert [record.value async for record in on_topic(settings, topic(settings))] == [b"first", b"second"]


async def test_what_was_already_handed_over_before_a_stall_is_refused_when_it_wakes_up(settings):
    """A batch that was filled under the old leadership and is sent under the new one."""
    async with taken_over(settings) as stalled:
        waiting = stalled.create_batch()
        waiting.append(key=b"t", value=b"filled long ago", timestamp=None)
        async with taken_over(settings) as successor:
            await sent(successor, settings, 1, b"new")
            with pytest.raises(ProducerFenced):
                await (await stalled.send_batch(waiting, topic(settings), partition=1))
            await sent(successor, settings, 1, b"newer")
    assert [record.value async for record in on_topic(settings, topic(settings))] == [b"new", b"newer"]


async def test_it_can_be_taken_over_again_and_again(settings):
    for n in range(5):
        async with taken_over(settings) as producer:
            for partition in range(PARTITIONS):
                await sent(producer, settings, partition, b"%d" % n)
    values = [record.value async for record in on_topic(settings, topic(settings))]
    assert sorted(values) == sorted([b"%d" % n for n in range(5)] * PARTITIONS)
