"""The rejected topic for whoever deals with it: what is open, once more to where it came from, or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID

from shared.adapters.kafka.audit import records_of
from shared.adapters.kafka.connection import producing
from shared.adapters.kafka.rejection import Handling, Rejected, handling_record, still_open, told
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames
from shared.kernel.clock import Clock
from shared.kernel.errors import Refused


@dataclass(eq=False, kw_only=True)
class CutMessage(Refused):
    """It stands on the rejected topic without its bytes."""

    zh: ClassVar[str] = (
        "消息有 {bytes} 字节，超过拒收主题的上限，其内容只在 {topic} 分区 {partition} 偏移 {offset}：请从那里取出后重发"
    )
    en: ClassVar[str] = (
        "The message has {bytes} bytes, more than the rejected topic takes: they stand only in {topic} partition "
        "{partition} offset {offset}, to be sent again from there"
    )
    bytes: int
    topic: str
    partition: int
    offset: int


class RejectedTopic:
    """`by`: the account of whoever handles; with the reason it stays on the topic for ever."""

    def __init__(self, settings: KafkaSettings, by: str, clock: Clock) -> None:
        self.topic = TopicNames(settings.topic_prefix).rejected
        self.settings = settings
        self._by = by
        self._clock = clock

    async def records(self) -> list[Rejected | Handling]:
        """All that the topic has told so far, oldest first within a message; nothing where there is no topic.

        Raises TopicLost, KafkaError.
        """
        found = [told(one.headers, one.value) async for one in records_of(self.settings, self.topic)]
        return [one for one in found if one is not None]

    async def open(self) -> Mapping[UUID, Rejected]:
        """Those that nobody has dealt with, the longest waiting first. Raises KafkaError."""
        return still_open(await self.records())

    async def retry(self, rejected: Rejected, reason: str) -> None:
        """Its bytes and headers once more to where it stood: taken, known, or rejected anew.

        What breaks off half way leaves it open; sent twice it is a repeat. Raises CutMessage, KafkaError.
        """
        origin, rejection = rejected.rejection.origin, rejected.rejection
        if rejection.cut is not None:
            raise CutMessage(bytes=rejection.cut, topic=origin.topic, partition=origin.partition, offset=origin.offset)
        async with producing(self.settings) as producer:
            await producer.send_and_wait(
                origin.topic,
                _sendable(rejected),
                key=rejection.key,
                partition=origin.partition,
                timestamp_ms=origin.timestamp if origin.timestamp > 0 else None,
                headers=list(rejected.headers),
            )
            await self._handled(producer, rejected, "retried", reason)

    async def drop(self, rejected: Rejected, reason: str) -> None:
        """Nothing is to come of it. Raises KafkaError."""
        async with producing(self.settings) as producer:
            await self._handled(producer, rejected, "dropped", reason)

    async def _handled(self, producer: Any, rejected: Rejected, what: Literal["retried", "dropped"], why: str) -> None:
        rejection = rejected.rejection
        handling = Handling(
            origin=rejection.origin,
            kind=rejection.kind,
            tenant=rejection.tenant,
            what=what,
            by=self._by,
            at=self._clock(),
            reason=why,
            type=str(rejection.problem.get("type")),
        )
        value, headers = handling_record(handling)
        await producer.send_and_wait(self.topic, value, key=str(rejected.id).encode(), headers=headers)


def _sendable(rejected: Rejected) -> bytes | None:
    """Its bytes. A record of neither key nor value our client can't send: an empty value is rejected just the same."""
    return b"" if rejected.value is None and rejected.rejection.key is None else rejected.value
