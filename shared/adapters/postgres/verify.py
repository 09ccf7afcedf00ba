"""Recompute a log's chain and hold it against its columns, its head and the heads signed outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.adapters.heads import SignedHead
from shared.kernel import chain

PAGE = 2000

Progress = Callable[[int, int], None]

Fault = Literal[
    "hash_differs",
    "position_missing",
    "columns_differ",
    "unreadable",
    "head_differs",
    "tail_cut",
    "signed_head_differs",
    "signature_invalid",
    "facts_differ",
]

_PAGE = """
select position, stream, version, recorded_at, type, hash, meta, data from log.event
where tenant = $1 and position > $2 order by position limit $3"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`bad_position` is the first position at which the log isn't what it was, None where it is whole."""

    tenant: str
    service: str
    events: int
    head: str
    signed_position: int
    bad_position: int | None = None
    fault: Fault | None = None
    detail: str | None = None

    @property
    def whole(self) -> bool:
        return self.fault is None


@dataclass(slots=True)
class _Walk:
    """Where the recomputation stands."""

    position: int = 0
    hash: bytes = chain.GENESIS
    fault: Fault | None = None


async def verify(
    pool: asyncpg.Pool,
    service: str,
    tenant: str,
    signed: Iterable[SignedHead],
    key: Ed25519PublicKey,
    progress: Progress | None = None,
) -> Verdict:
    """Stream the tenant's log once, in bounded memory. `signed` are the heads held outside the database."""
    heads = {h.position: h for h in signed if h.tenant == tenant and h.service == service}
    forged = sorted(p for p, h in heads.items() if not h.is_signed_by(key))
    walk = _Walk()
    recorded_head = await pool.fetchrow("select position, hash from log.head where tenant = $1", tenant)
    total = recorded_head["position"] if recorded_head else 0
    async for page in _pages(pool, tenant):
        for row in page:
            walk.fault = _step(walk, row, tenant, service, heads)
            if walk.fault:
                break
        if walk.fault:
            break
        if progress:
            progress(walk.position, total)
    if walk.fault is None:
        walk.fault = _end(walk, recorded_head, heads)
    bad = walk.position if walk.fault else None
    if forged and (bad is None or forged[0] < bad):
        walk.fault, bad = "signature_invalid", forged[0]
    return Verdict(
        tenant=tenant,
        service=service,
        events=walk.position if walk.fault is None else walk.position - 1,
        head=walk.hash.hex(),
        signed_position=max(heads, default=0),
        bad_position=bad,
        fault=walk.fault,
    )


async def _pages(pool: asyncpg.Pool, tenant: str) -> AsyncIterator[list[asyncpg.Record]]:
    """The database reads the next page while this one is hashed."""
    reading = asyncio.create_task(pool.fetch(_PAGE, tenant, 0, PAGE))
    try:
        while page := await reading:
            reading = asyncio.create_task(pool.fetch(_PAGE, tenant, page[-1]["position"], PAGE))
            await asyncio.sleep(0)  # so that it is sent off
            yield page
    finally:
        reading.cancel()


def _step(walk: _Walk, row: asyncpg.Record, tenant: str, service: str, heads: Mapping[int, SignedHead]) -> Fault | None:
    """Take one more row; what is wrong at walk.position, if anything."""
    walk.position += 1
    if row["position"] != walk.position:
        return "position_missing"
    walk.hash = chain.link(walk.hash, walk.position, row["recorded_at"], chain.digest(row["meta"], row["data"]))
    if row["hash"] != walk.hash:
        return "hash_differs"
    signed = heads.get(walk.position)
    if signed is not None and signed.hash != walk.hash.hex():
        return "signed_head_differs"
    return _columns(row, tenant, service)


class _Said(msgspec.Struct):
    """What meta says of that which stands in columns too."""

    tenant: str
    service: str
    stream: str
    version: int
    type: str


_said = msgspec.json.Decoder(_Said)


def _columns(row: asyncpg.Record, tenant: str, service: str) -> Fault | None:
    """The columns beside the bytes are copies: a changed copy would lead queries astray under a sound chain."""
    try:
        said = _said.decode(row["meta"])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "unreadable"
    same = (
        said.stream == row["stream"]
        and said.version == row["version"]
        and said.type == row["type"]
        and said.tenant == tenant
        and said.service == service
    )
    return None if same else "columns_differ"


def _end(walk: _Walk, head: asyncpg.Record | None, heads: Mapping[int, SignedHead]) -> Fault | None:
    """The log has ended: nothing signed may lie beyond, and its head row must say the same."""
    if heads and max(heads) > walk.position:
        walk.position += 1
        return "tail_cut"
    if (head["position"] if head else 0) != walk.position or (head is not None and head["hash"] != walk.hash):
        walk.position += 1
        return "head_differs"
    return None
