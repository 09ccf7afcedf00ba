"""One record of an inbound topic as a message that a service takes: for whom, by whom, under which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

import asyncpg

from shared.adapters.cloudevents import Headers, cloud_event, expect_type
from shared.adapters.http.edge_errors import BodyTooLarge
from shared.adapters.http.json_guard import guard
from shared.adapters.http.problem import status_of
from shared.adapters.kafka.inbound_settings import InboundSource
from shared.adapters.messages import CloudEvent, Message, MessageReused, MessageRule, OtherTenant
from shared.adapters.postgres.connection import BROKEN as DATABASE_BROKEN
from shared.adapters.telemetry import valid_traceparent
from shared.kernel.clock import Clock
from shared.kernel.codec import encode_plain
from shared.kernel.errors import KeyReused, SuyuanError, VersionConflict
from shared.kernel.ids import derived_id
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor

LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE)
SURROUNDINGS = frozenset({"08", "28", "3D", "53", "55", "57", "58", "XX"})
"""Classes of SQLSTATE that no message can cause: connection, login, resources, operators, the system itself."""


class Record(Protocol):
    """What aiokafka's consumers hand out, as far as we look. `timestamp`: ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Taking:
    """One topic's messages. `mac` as Edge.mac; `limit`: the largest message, in bytes."""

    source: InboundSource
    rule: MessageRule
    mac: Callable[..., bytes]
    limit: int
    clock: Clock

    async def take(self, record: Record) -> bool:
        """True where something came of it, False where it was known. Raises whatever is wrong with it."""
        if len(record.value or b"") > self.limit:
            raise BodyTooLarge(limit=self.limit)
        event = cloud_event(record.headers, record.value)
        expect_type(event, self.rule.type)
        if event.extensions.get("tenant", self.source.tenant) != self.source.tenant:
            raise OtherTenant
        context = self.context(event)
        try:
            return await self.rule.take(context, Message(event, came_at(record.timestamp, context.now), self.mac))
        except KeyReused:
            raise MessageReused from None

    def context(self, event: CloudEvent) -> Context:
        """The fingerprint is of the content: who sends it again may write it otherwise, or in the other mode.

        Raises InvalidRequest where the data is no JSON that can be kept.
        """
        content = encode_plain(guard(event.data))
        trace = event.extensions.get("traceparent", "")
        is_traced = valid_traceparent(trace)
        command_id = derived_id("command of message", self.source.tenant, event.source, event.id)
        return Context(
            tenant=self.source.tenant,
            actor=Actor(subject=self.source.subject, roles=tuple(sorted(self.source.roles))),
            now=self.clock(),
            key=Key(
                f"inbound:{self.rule.kind}", str(event.key), self.mac(b"message", self.rule.kind.encode(), content)
            ),
            command_id=command_id,
            correlation_id=UUID(trace[3:35]) if is_traced else command_id,
            traceparent=trace if is_traced else None,
        )


def is_for_later(error: BaseException) -> bool:
    """Whether the same message may be taken later: what HTTP answers 503 or 507, a conflict, a database in trouble."""
    if isinstance(error, SuyuanError):
        return isinstance(error, VersionConflict) or status_of(error, if_match=False) in LATER
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "XX")[:2] in SURROUNDINGS
    return isinstance(error, DATABASE_BROKEN)


def came_at(timestamp: int, now: datetime) -> datetime:
    """Kafka's timestamp (ms), from which deadlines run though we were away; now where it can't be right."""
    return datetime.fromtimestamp(timestamp / 1000, UTC) if 0 < timestamp / 1000 <= now.timestamp() else now
