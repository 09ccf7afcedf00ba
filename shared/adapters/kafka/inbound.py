"""Takes messages of other systems: each becomes a command, or stands on the rejected topic with what is wrong with it.

An offset is committed once its message's command was appended or its rejection acknowledged by the brokers. A crash or
a rebalance before that brings the message again, which its key absorbs: in the store for the command, on the compacted
topic for the rejection. What can't be done just now (the database is away, the disk full) is waited for, in order;
nothing else holds up what comes behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, MessageSizeTooLargeError

from shared.adapters import metrics
from shared.adapters.failpoints import failpoint
from shared.adapters.http.call import mac
from shared.adapters.http.policy import Policy
from shared.adapters.http.problem import bilingual, bilingual_crash
from shared.adapters.kafka.connection import BROKEN, client_arguments, producing
from shared.adapters.kafka.inbound_settings import InboundSource
from shared.adapters.kafka.rejection import INBOUND, REJECTED, Origin, Rejection, rejection_record
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.taking import Record, Taking, is_for_later
from shared.adapters.kafka.topics import TopicNames, administration, configuration, ensure, unfit
from shared.adapters.logging import get_logger
from shared.adapters.messages import MessageRule
from shared.adapters.patience import back_off, let_go
from shared.kernel.clock import Clock
from shared.kernel.errors import LogError, SuyuanError

AT_ONCE = 200
"""Messages dealt with between two commits of offsets."""
POLL_MS = 1000
RETRY_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0
SAID_BYTES = 64 * 1024
"""Room for what is said about a rejected message."""

_log = get_logger("suyuan.inbound")


def group_of(prefix: str, service: str) -> str:
    """The consumer group that all replicas of a service share: what a right to it is given by."""
    return f"{prefix}.inbound.{service}"


class Inbound:
    """What one service takes from topics; every replica has one, and they share the partitions.

    `secret` keys fingerprints as the HTTP edge's does (app.secret_of); `limit`: the largest message, in bytes. Sources
    of a kind that no rule is for are other services'. Raises RoleMissing where one has no role that its kind needs.
    """

    def __init__(
        self,
        service: str,
        rules: Sequence[MessageRule],
        sources: Sequence[InboundSource],
        settings: KafkaSettings,
        *,
        secret: bytes,
        limit: int,
        clock: Clock,
    ) -> None:
        by_kind = {rule.kind: rule for rule in rules}
        self.name = "inbound"
        self.takings = {
            one.topic: Taking(one, by_kind[one.kind], partial(mac, secret), limit, clock)
            for one in sources
            if one.kind in by_kind
        }
        for taking in self.takings.values():
            Policy(frozenset(taking.rule.roles)).admit(taking.source.principal)
        self.rejected = TopicNames(settings.topic_prefix).rejected
        self._group = group_of(settings.topic_prefix, service)
        self._settings = settings
        self._clock = clock
        self._waits_for: str | None = None
        self._trouble: str | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._take_part()
            except (*BROKEN, LogError) as problem:
                if self._trouble != str(problem):
                    _log.warning("nothing is taken, beginning again", topics=sorted(self.takings), why=repr(problem))
                self._trouble = str(problem)
            await back_off(RETRY_SECONDS)

    async def health(self) -> str:
        """What isn't taken waits on its topic: the service answers everybody else."""
        if self._trouble is not None:
            return f"ok (nothing is taken: {self._trouble})"
        return "ok" if self._waits_for is None else f"ok (messages wait: {self._waits_for})"

    async def close(self) -> None:
        """Nothing is held beyond `run`."""

    async def prepare(self) -> None:
        """The topics, made where there are none. Raises TopicUnfit, TopicMissing, KafkaError."""
        async with administration(self._settings) as admin:
            rejected = await ensure(admin, self._settings, self.rejected, keeping=REJECTED)
            room = int((await configuration(admin, self.rejected))["max.message.bytes"])
            for topic in self.takings:
                await ensure(admin, self._settings, topic, keeping=INBOUND)
                largest = int((await configuration(admin, topic))["max.message.bytes"])
                if room < largest + SAID_BYTES:
                    raise unfit(rejected, "max.message.bytes", str(room), f">= {largest + SAID_BYTES}")

    async def _take_part(self) -> None:
        """As one of the group, until something breaks. Raises KafkaError, LogError."""
        if not self.takings:
            await asyncio.Event().wait()
        await self.prepare()
        async with producing(self._settings) as producer, self._consuming() as consumer:
            self._trouble = None
            _log.info("taking messages", topics=sorted(self.takings), group=self._group)
            while True:
                await self._take_some(consumer, producer)

    @asynccontextmanager
    async def _consuming(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            *self.takings,
            **client_arguments(self._settings),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=AT_ONCE,
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await let_go("consumer", consumer.stop, consumer._client.close)  # noqa: SLF001 - it has no name for it

    async def _take_some(self, consumer: Any, producer: Any) -> None:
        found = await consumer.getmany(timeout_ms=POLL_MS)
        if not found:
            return
        try:
            async with asyncio.TaskGroup() as group:
                for records in found.values():
                    group.create_task(self._in_order(records, producer))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        failpoint("after-message-before-offset")
        await _committed(consumer, {place: records[-1].offset + 1 for place, records in found.items()})

    async def _in_order(self, records: Sequence[Record], producer: Any) -> None:
        for record in records:
            outcome = await self._dealt_with(record, producer)
            metrics.INBOUND.labels(self.takings[record.topic].rule.kind, outcome).inc()

    async def _dealt_with(self, record: Record, producer: Any) -> str:
        wait = RETRY_SECONDS
        while True:
            try:
                new = await self.takings[record.topic].take(record)
            except Exception as error:  # noqa: BLE001 - whatever it is, it holds up nothing but its own message
                if not is_for_later(error):
                    await self._reject(record, error, producer)
                    return "rejected"
                self._waits_for = str(error)
                _log.warning("message waits", topic=record.topic, offset=record.offset, why=repr(error))
            else:
                self._waits_for = None
                return "accepted" if new else "repeated"
            await back_off(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _reject(self, record: Record, error: Exception, producer: Any) -> None:
        """Return once the brokers have it. Raises KafkaError."""
        origin = Origin(record.topic, record.partition, record.offset, record.timestamp)
        rejection = Rejection(
            origin=origin,
            kind=self.takings[record.topic].rule.kind,
            tenant=self.takings[record.topic].source.tenant,
            rejected_at=self._clock(),
            problem=_problem(error, str(origin.id)),
            key=record.key,
            was_null=record.value is None,
        )
        _log.warning("message rejected", id=str(origin.id), topic=record.topic, type=rejection.problem["type"])
        key = str(origin.id).encode()
        value, headers = rejection_record(rejection, record.headers, record.value)
        try:
            await producer.send_and_wait(self.rejected, value, key=key, headers=headers)
        except MessageSizeTooLargeError:  # somebody made the one topic larger, or the other smaller, while we ran
            cut = msgspec.structs.replace(rejection, cut=len(record.value or b""))
            value, headers = rejection_record(cut, [], None)
            await producer.send_and_wait(self.rejected, value, key=key, headers=headers)


async def _committed(consumer: Any, offsets: Mapping[TopicPartition, int]) -> None:
    """Of the partitions that are still ours. Others' messages come again to whoever has them, and their keys absorb it.

    To begin again for that would be to leave the group and join it: two more rebalances, for which others would leave.
    """
    ours = {place: offset for place, offset in offsets.items() if place in consumer.assignment()}
    try:
        if ours:
            await consumer.commit(ours)
    except CommitFailedError as rebalanced:
        _log.info("offsets not committed, the messages come again", why=str(rebalanced))


def _problem(error: Exception, correlation_id: str) -> dict[str, Any]:
    if isinstance(error, SuyuanError):
        return bilingual(error, correlation_id=correlation_id)
    _log.error("a defect", rejection=correlation_id, exc_info=error)
    return bilingual_crash(correlation_id=correlation_id)
