"""The audit interface, the same in every service: the log as it stands, its head, and a recomputation of its chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import APIRouter, Query, Response

from shared.adapters.anchors import Anchor
from shared.adapters.heads import HeadBook, SignedHead
from shared.adapters.http.answers import JSON, NDJSON, answers, ndjson
from shared.adapters.http.conventions import Reading
from shared.adapters.http.policy import policy
from shared.adapters.http.positions import MAX_POSITION, span_of
from shared.adapters.postgres.verify import Verdict
from shared.adapters.runtime import Resources
from shared.adapters.verification import verify_service
from shared.kernel.codec import encode_plain
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Meta, Recorded
from shared.kernel.shapes import shape

PAGE = 500
LINE = shape(
    "AuditLine",
    "每行一个事件 · one event a line; `data` by its schema in shared/contracts/schemas",
    position=int,
    recorded_at=datetime,
    hash=str,
    meta=Meta,
    data=dict[str, Any],
)
HEAD = shape(
    "AuditHead",
    "链头，及最近一次签名 · the chain's head, and the last one signed outside the database",
    tenant=str,
    service=str,
    position=int,
    hash=str,
    signed=SignedHead | None,
    public_key=str,
)


class AuditedLog(EventLog, Protocol):
    """A log that also tells the hash of its heads."""

    async def head_hashes(self) -> Mapping[str, tuple[int, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Audited:
    """What one service lets an auditor look at. `verify` recomputes one tenant's chain, and what it anchors."""

    log: AuditedLog
    heads: HeadBook
    key: Ed25519PublicKey
    verify: Callable[[str], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events: of a case (`complaint-<id>`, or its id alone), a type, an actor; from `since` to before `until`."""

    case: str | None = None
    type: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def admits(self, recorded: Recorded) -> bool:
        meta = recorded.meta
        return (
            (self.case is None or meta.stream == self.case or meta.stream.partition("-")[2] == self.case)
            and (self.type is None or meta.type == self.type)
            and (self.actor is None or meta.actor.subject == self.actor)
            and (self.since is None or recorded.recorded_at >= self.since)
            and (self.until is None or recorded.recorded_at < self.until)
        )


def audit_line(recorded: Recorded) -> bytes:
    """One event as JSON. `meta` and `data` are the very bytes under the chain, personal values sealed."""
    return msgspec.json.encode(
        {
            "position": recorded.position,
            "recorded_at": recorded.recorded_at,
            "hash": recorded.hash.hex(),
            "meta": msgspec.Raw(recorded.meta_bytes),
            "data": msgspec.Raw(recorded.data_bytes),
        }
    )


def audit_router(audited: Audited) -> APIRouter:
    service = audited.log.service
    router = APIRouter(
        prefix=f"/api/v1/{service}/audit", tags=["审计 audit"], dependencies=[policy("auditor", "admin")]
    )

    @router.get("/events", operation_id=f"{service}_audit_events", dependencies=[answers(LINE, NDJSON)])
    async def events(
        read: Reading,
        after: Annotated[int, Query(ge=0, le=MAX_POSITION, description="从此位置之后 · past this position")] = 0,
        case: Annotated[str | None, Query(max_length=200)] = None,
        type: Annotated[str | None, Query(max_length=100)] = None,  # noqa: A002 - the parameter's public name
        actor: Annotated[str | None, Query(max_length=200)] = None,
        since: Annotated[str | None, Query(max_length=40, description="RFC 3339")] = None,
        until: Annotated[str | None, Query(max_length=40, description="RFC 3339")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000_000)] = 1_000_000,
    ) -> Response:
        """审计日志（NDJSON，逐条流式输出） · The log, streamed as NDJSON."""
        first, end = span_of(("since", since), ("until", until))
        wanted = Filter(case=case, type=type, actor=actor, since=first, until=end)
        return ndjson(_lines(audited.log, read.tenant, after, wanted, limit))

    @router.get("/head", operation_id=f"{service}_audit_head", dependencies=[answers(HEAD)])
    async def head(read: Reading) -> Response:
        """日志链头及最近一次签名 · The chain's head, and the last one signed outside the database."""
        position, hash_ = (await audited.log.head_hashes()).get(read.tenant, (0, bytes(32)))
        told = [line.head for line in await audited.heads.told(read.tenant) if line.head is not None]
        signed = max(told, key=lambda head: head.position, default=None)
        body = {
            "tenant": read.tenant,
            "service": service,
            "position": position,
            "hash": hash_.hex(),
            "signed": signed,
            "public_key": audited.key.public_bytes_raw().hex(),
        }
        return Response(encode_plain(body), media_type=JSON)

    @router.get("/verify", operation_id=f"{service}_audit_verify", dependencies=[answers(Verdict)])
    async def verification(read: Reading) -> Response:
        """重算整条链并核对签名、事实与附件 · Recompute the chain; check signed heads, facts and files."""
        verdict = await audited.verify(read.tenant)
        return Response(encode_plain(verdict), media_type=JSON)

    return router


def audited_service(resources: Resources, anchors: Sequence[Anchor] = ()) -> APIRouter:
    """The audit routes of a service; `anchors`: what its events name outside the log, verified with it."""

    async def verified(tenant: str) -> Verdict:
        return await verify_service(resources, anchors, tenant)

    key = resources.secrets.heads.public_key()
    return audit_router(Audited(resources.log, resources.heads, key, verified))


async def _lines(log: EventLog, tenant: str, after: int, wanted: Filter, limit: int) -> AsyncIterator[bytes]:
    left = limit
    while left and (batch := await log.read(tenant, after, PAGE)):
        for recorded in batch:
            if wanted.admits(recorded):
                yield audit_line(recorded) + b"\n"
                left -= 1
                if not left:
                    return
        after = batch[-1].position
