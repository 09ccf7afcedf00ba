"""A topic that was lost, made anew, or cut: the relay is told to begin again, where what is left there is our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.history import (
    RELAY,
    HistoryForked,
    HistoryInDoubt,
    Told,
    TopicAhead,
    held_against,
    unread,
)
from shared.adapters.kafka.importing import Progress
from shared.adapters.kafka.records import follows
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, ensure
from shared.kernel.chain import GENESIS
from shared.kernel.recorded import Recorded

_RECORD = """
insert into log.topic (name, partitions) values ($1, $2)
on conflict (name) do update set partitions = excluded.partitions"""
_ALL = "select coalesce(sum(position), 0)::bigint from log.head"


@dataclass(eq=False, kw_only=True)
class HistoryHoled(HistoryInDoubt):
    """The topic has later events of a log and lacks earlier ones, which can't be put before them."""

    zh: ClassVar[str] = "主题 {topic} 缺少 {tenant} 的位置 {position}，而有其后的事件：请删除该主题后再重发"
    en: ClassVar[str] = (
        "Topic {topic} lacks position {position} of {tenant} and has later ones: delete that topic, then republish"
    )
    topic: str
    tenant: str
    position: int


async def published_anew(owner: asyncpg.Connection, settings: KafkaSettings, service: str, progress: Progress) -> int:
    """How many events the relay will publish. The topic is made where there is none; nothing is taken from it.

    Raises TopicAhead, HistoryForked, HistoryHoled, TopicLost, TopicUnfit, KafkaError, asyncpg's errors.
    """
    name = TopicNames(settings.topic_prefix).events(service)
    async with administration(settings) as admin:
        topic = await ensure(admin, settings, name)
    has: dict[str, Told] = {}
    async for _, events, _ in unread(client_arguments(settings), service, topic, {}):
        told = [Told(event.meta.tenant, event.position, event.hash) for event in events]
        for tenant, position in (await held_against(owner, name, told)).items():
            raise TopicAhead(topic=name, tenant=tenant, position=position)
        for event, one in zip(events, told, strict=True):
            _require_next(name, event, has.get(one.tenant, Told(one.tenant, 0, GENESIS)))
            has[one.tenant] = max(one, has.get(one.tenant, one))
        progress(len(events))
    async with owner.transaction():
        await owner.execute("delete from log.topic_tail where topic = $1", name)
        await owner.execute("delete from log.checkpoint where consumer = $1 and source = $2", RELAY, service)
        await owner.execute(_RECORD, name, topic.partitions)
        total: int = await owner.fetchval(_ALL)
    return total - sum(last.position for last in has.values())


def _require_next(topic: str, event: Recorded, last: Told) -> None:
    """Its bytes too are what the chain has there; a repeat was held against the table. Raises those of above."""
    if event.position > last.position + 1:
        raise HistoryHoled(topic=topic, tenant=last.tenant, position=last.position + 1)
    if event.position == last.position + 1 and not follows(event, last.hash):
        raise HistoryForked(topic=topic, tenant=last.tenant, position=event.position)
