"""A service's topic beside its table, tenant by tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.history import held_against, known, told_by_events, unread_records
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic, TopicNames, administration, configuration, existing

SHOWN = ("retention.ms", "retention.bytes", "cleanup.policy", "min.insync.replicas", "max.message.bytes")
_HEADS = "select tenant, position from log.head where position > 0"


@dataclass(frozen=True, slots=True)
class Standing:
    """`records`: the end offset of each partition (a few are markers of whoever took over).

    `tenants`: (position in the table, position on the topic) of each.
    """

    topic: Topic
    settings: Mapping[str, str]
    records: Sequence[int]
    tenants: Mapping[str, tuple[int, int]]


async def standing(owner: asyncpg.Connection, settings: KafkaSettings, service: str) -> Standing | None:
    """None where there is no topic. Raises HistoryForked, TopicLost, KafkaError, asyncpg's errors."""
    name = TopicNames(settings.topic_prefix).events(service)
    async with administration(settings) as admin:
        topic = await existing(admin, name)
        if topic is None:
            return None
        told = await configuration(admin, name)
    was = await known(owner, service, name)
    on_topic = was.positions
    ends = dict.fromkeys(range(topic.partitions), 0) | was.tails
    async for partition, records, offset in unread_records(client_arguments(settings), topic, was.tails):
        news = [*told_by_events(records, service)]
        await held_against(owner, name, news)
        ends[partition] = offset
        for one in news:
            on_topic[one.tenant] = max(one.position, on_topic.get(one.tenant, 0))
    in_table = {row["tenant"]: row["position"] for row in await owner.fetch(_HEADS)}
    tenants = {
        tenant: (in_table.get(tenant, 0), on_topic.get(tenant, 0)) for tenant in in_table.keys() | on_topic.keys()
    }
    return Standing(topic, {name: told[name] for name in SHOWN}, [ends[n] for n in sorted(ends)], tenants)
