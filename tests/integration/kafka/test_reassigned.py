"""Partitions that move from broker to broker while a relay publishes and a service reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import AlterPartitionReassignmentsRequest

from shared.adapters.kafka.topics import administration
from tests import faults
from tests.integration.kafka.test_kafka_log import all_of
from tests.integration.kafka.test_relay import appended, everything, positions, seen_all
from tests.published import PATIENCE, Published, ended, eventually, published

BROKERS = 3
Layout = Mapping[int, list[int]]
"""A partition's brokers, the preferred leader first."""


async def layout(admin: AIOKafkaAdminClient, topic: str) -> Layout:
    (told,) = await admin.describe_topics([topic])
    return {one["partition"]: one["replicas"] for one in told["partitions"]}


async def moved(admin: AIOKafkaAdminClient, topic: str, wanted: Layout) -> None:
    """Return once the partitions are there and nowhere else (KIP-455: the library has the words, not the call)."""
    partitions = [(number, brokers, {}) for number, brokers in wanted.items()]
    answer = await admin._send_to_controller(
        AlterPartitionReassignmentsRequest(int(PATIENCE * 1000), [(topic, partitions, {})], {})
    )
    ((_, told, _),) = answer.responses
    assert (answer.error_code, {error for _, error, *_ in told}) == (0, {0}), answer

    async def is_there() -> bool:
        return await layout(admin, topic) == wanted

    await eventually(is_there)


async def commands(service: Published) -> None:
    while True:
        await appended(service, 10, tenants=12)


@pytest.mark.usefixtures("kafka_here")
async def test_partitions_that_move_between_brokers_lose_double_and_disorder_nothing(database, three_brokers):
    async with published(await database(), three_brokers, replicas=2, min_insync=2) as service:
        await appended(service, 24, tenants=12)
        await service.drained()
        writing = service.run(commands(service))
        clock, moves = asyncio.get_running_loop().time, 0
        until = clock() + faults.SECONDS
        async with administration(service.settings) as admin:
            first = before = await layout(admin, service.relay.topic)
            while moves < BROKERS - 1 or clock() < until:
                wanted = {number: [one % BROKERS + 1 for one in brokers] for number, brokers in before.items()}
                await moved(admin, service.relay.topic, wanted)
                assert all(set(before[number]) != set(brokers) for number, brokers in wanted.items())
                before, moves = wanted, moves + 1
        assert {one for brokers in first.values() for one in brokers} == set(range(1, BROKERS + 1))
        await ended([writing])
        await service.drained()
        await eventually(lambda: seen_all(service))
        wanted_events = await everything(service)
        assert positions(await service.records()) == wanted_events
        for tenant, told in wanted_events.items():
            assert await all_of(service.read, tenant, 1000) == told
        faults.seen(
            "reassigned", moves=moves, partitions=len(before), events=sum(len(told) for told in wanted_events.values())
        )
