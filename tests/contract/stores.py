"""Requests as the contract suites make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.contracts.intake.complaint import SatisfactionRecorded
from shared.kernel import codec
from shared.kernel.ids import new_id
from shared.kernel.ports import AppendRequest, Key, PreparedEvent
from shared.kernel.recorded import Actor, Meta, encode_meta

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SCORED = SatisfactionRecorded(complaint_id=UUID(int=7), score=4)


def prepared(tenant: str, stream: str, version: int, event: Any = SCORED, service: str = "intake") -> PreparedEvent:
    name, schema_version = codec.name_and_version(event)
    meta = Meta(
        event_id=new_id(),
        type=name,
        schema_version=schema_version,
        tenant=tenant,
        service=service,
        stream=stream,
        version=version,
        occurred_at=AT,
        actor=Actor(subject="u-1", roles=("quality_engineer",)),
        correlation_id=new_id(),
        command_id=new_id(),
    )
    return PreparedEvent(name, encode_meta(meta), codec.encode(event))


def request(
    stream: str, expected: int = 0, *, tenant: str = "t1", count: int = 1, key: str | None = None, **more: Any
) -> AppendRequest:
    events = tuple(prepared(tenant, stream, expected + n) for n in range(1, count + 1))
    return AppendRequest(
        tenant=tenant,
        stream=stream,
        expected=expected,
        events=more.pop("events", events),
        key=Key("u-1 register", key or str(new_id()), more.pop("fingerprint", b"f" * 32)),
        **more,
    )
