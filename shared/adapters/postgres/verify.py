"""Recompute a log's chain and hold it against its columns, its head and the heads signed outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.adapters.heads import SignedHead
from shared.kernel import chain
from shared.kernel.recorded import decode_meta

PAGE = 2000

Progress = Callable[[int, int], None]

Fault = Literal[
    "hash_differs",
    "position_missing",
    "position_forged",
    "columns_differ",
    "unreadable",
    "head_differs",
    "tail_cut",
    "signed_head_differs",
    "signature_invalid",
    "head_line_damaged",
    "heads_unreadable",
    "heads_missing",
    "heads_behind",
    "heads_removed",
    "facts_differ",
    "blob_missing",
    "blob_differs",
    "blob_unreadable",
]

FIRST = -(2**63)
"""Rows are looked for from the least position on: nothing may stand before 1."""

UNTIMELY = (TypeError, ValueError, OverflowError)
"""What a time outside the calendar comes to, infinity or years before Christ: as it is read, or as it is hashed."""

DAMAGED = (asyncpg.InternalServerError, asyncpg.PostgresIOError)
"""Postgres can't read its own pages: a checksum differs, a compressed value is broken, the disk refuses."""

_PAGE = """
select position, stream, version, recorded_at, type, hash, meta, data from log.event
where tenant = $1 and position >= $2 order by position limit $3"""

_BY_INDEX = "set local enable_seqscan = off; set local enable_bitmapscan = off"
"""A small table would be read whole, the damaged page with it."""

_TENANTS = """
with recursive known as (
    (select tenant from log.event order by tenant limit 1)
    union all
    select (select e.tenant from log.event e where e.tenant > known.tenant order by e.tenant limit 1)
    from known where known.tenant is not null
)
select tenant from known where tenant is not null union select tenant from log.head"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`bad_position` is the first position at which the log isn't what it was, None where it is whole.

    None too where the fault is one of the files of signed heads, which `detail` names, and the log stands against none.
    """

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
    """Where the recomputation stands, and what it is held against."""

    tenant: str
    service: str
    heads: Mapping[int, SignedHead]
    position: int = 0
    hash: bytes = chain.GENESIS
    fault: Fault | None = None
    detail: str | None = None


async def verify(
    pool: asyncpg.Pool,
    service: str,
    tenant: str,
    signed: Iterable[SignedHead],
    key: Ed25519PublicKey,
    progress: Progress | None = None,
) -> Verdict:
    """Stream the tenant's log once, in bounded memory. `signed` are the heads held outside the database.

    It is judged as it stood at the beginning; what is appended meanwhile disturbs nothing.
    """
    heads: dict[int, SignedHead] = {}
    forged: list[int] = []
    for head in signed:
        if head.tenant == tenant and not head.is_signed_by(key):
            forged.append(head.position)
        elif head.tenant == tenant and head.service == service:
            heads[head.position] = head
    walk = _Walk(tenant, service, heads)
    try:
        await _through(pool, walk, PAGE, progress)
    except (*DAMAGED, *UNTIMELY):
        await _up_to_the_damage(pool, walk)
    bad = walk.position if walk.fault else None
    if forged and (bad is None or min(forged) < bad):
        walk.fault, bad, walk.detail = "signature_invalid", min(forged), None
    return Verdict(
        tenant=tenant,
        service=service,
        events=walk.position if walk.fault is None else max(walk.position - 1, 0),
        head=walk.hash.hex(),
        signed_position=max(heads, default=0),
        bad_position=bad,
        fault=walk.fault,
        detail=walk.detail,
    )


async def tenants(pool: asyncpg.Pool) -> set[str]:
    """Every tenant that has a row in this database's log or a head: a head alone can be removed."""
    return {row["tenant"] for row in await pool.fetch(_TENANTS)}


async def _through(pool: asyncpg.Pool, walk: _Walk, size: int, progress: Progress | None) -> None:
    """Walk on to the end, or to what is wrong. Raises one of DAMAGED or UNTIMELY at a row that can't be read."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        if size == 1:
            await connection.execute(_BY_INDEX)
        head = await connection.fetchrow("select position, hash from log.head where tenant = $1", walk.tenant)
        first = walk.position + 1 if walk.position else FIRST
        async with aclosing(_pages(connection, walk.tenant, first, size)) as pages:
            async for page in pages:
                for row in page:
                    walk.fault = _step(walk, row)
                    if walk.fault:
                        return
                if progress:
                    progress(walk.position, head["position"] if head else walk.position)
        walk.fault = _end(walk, head)


async def _up_to_the_damage(pool: asyncpg.Pool, walk: _Walk) -> None:
    """Row by row to the first that can't be read: whoever changes the files is named by position too."""
    try:
        await _through(pool, walk, 1, None)
    except (*DAMAGED, *UNTIMELY) as damage:
        walk.position += 1
        walk.fault, walk.detail = "unreadable", str(damage)


async def _pages(
    connection: asyncpg.Connection, tenant: str, first: int, size: int
) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The database reads the next page while this one is hashed."""
    reading = asyncio.create_task(connection.fetch(_PAGE, tenant, first, size))
    try:
        while page := await reading:
            reading = asyncio.create_task(connection.fetch(_PAGE, tenant, page[-1]["position"] + 1, size))
            await asyncio.sleep(0)  # so that it is sent off
            yield page
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)  # the connection is free again


def _step(walk: _Walk, row: asyncpg.Record) -> Fault | None:
    """Take one more row; what is wrong at walk.position, if anything."""
    at, stream, version, recorded_at, name, hash_, meta, data = row
    if at <= walk.position:  # before the first, or there twice
        walk.position = at
        return "position_forged"
    walk.position += 1
    if at != walk.position:
        return "position_missing"
    try:
        walk.hash = chain.link(walk.hash, at, recorded_at, chain.digest(meta, data))
    except UNTIMELY:
        return "unreadable"
    if hash_ != walk.hash:
        return "hash_differs"
    signed = walk.heads.get(at)
    if signed is not None and signed.hash != walk.hash.hex():
        return "signed_head_differs"
    return _columns(meta, (walk.tenant, walk.service, stream, version, name))


def _columns(meta: bytes, copies: tuple[str, str, str, int, str]) -> Fault | None:
    """The columns beside the bytes are copies: a changed copy would lead queries astray under a sound chain."""
    try:
        said = decode_meta(meta)  # the whole of it: what a reader would stumble over is a finding
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "unreadable"
    same = (said.tenant, said.service, said.stream, said.version, said.type) == copies
    return None if same else "columns_differ"


def _end(walk: _Walk, head: asyncpg.Record | None) -> Fault | None:
    """The log has ended: nothing signed may lie beyond, and its head row must say the same."""
    if walk.heads and max(walk.heads) > walk.position:
        walk.position += 1
        return "tail_cut"
    if (head["position"] if head else 0) != walk.position or (head is not None and head["hash"] != walk.hash):
        walk.position += 1
        return "head_differs"
    return None
