"""The files of signed heads themselves: damaged, gone, cut short, or behind the log for longer than signing takes.

The log can't tell: heads leave the database so that a cut tail shows, and whoever cuts both leaves a sound pair. So a
file is held against the interval at which heads are signed, and against an auditor's copy that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.adapters.heads import SIGN_SECONDS, HeadBook, HeadsUnreadable, SignedHead
from shared.adapters.postgres.verify import Fault

LATE = timedelta(seconds=3 * SIGN_SECONDS)
"""Heads are signed every SIGN_SECONDS, at a server's start and at its end; a busy disk may take its time."""

_LATE = """
select first.recorded_at, greatest(
    last.recorded_at - first.recorded_at, now() - greatest(first.recorded_at, pg_postmaster_start_time())
) > $4 as late
from log.event first, log.event last
where first.tenant = $1 and first.position = $2 and last.tenant = $1 and last.position = $3"""
"""By the database's clock. A database just started has been without a server: only what the log itself spans counts."""


@dataclass(frozen=True, slots=True)
class HeadFault:
    """What is wrong with a file; `detail` names it, and the line."""

    fault: Fault
    detail: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class HeldHeads:
    """What the files say of one tenant's log: the heads, and each fault that the files show by themselves.

    `local` are the positions in the service's own file.
    """

    heads: Sequence[SignedHead]
    local: frozenset[int]
    faults: Sequence[HeadFault]


async def held_heads(books: Sequence[HeadBook], tenant: str, key: Ed25519PublicKey) -> HeldHeads:
    """Of the service's own book, the first, and of a copy, if any. A damaged line is everybody's: whose was it?"""
    found: list[tuple[HeadBook, SignedHead]] = []
    faults: list[HeadFault] = []
    for book in books:
        try:
            for line in await book.told(tenant):
                where = f"{book.name}:{line.number}"
                if line.head is None:
                    faults.append(HeadFault("head_line_damaged", where))
                    continue
                found.append((book, line.head))
                if not line.head.is_signed_by(key):
                    faults.append(HeadFault("signature_invalid", where, line.head.position))
        except HeadsUnreadable as unreadable:
            faults.append(HeadFault("heads_unreadable", f"{unreadable.file}: {unreadable.problem}"))
    local = frozenset(head.position for book, head in found if book is books[0])
    removed = next((head for file, head in found if head.position not in local), None)
    if removed is not None:
        detail = f"{books[0].name}: {removed.position}, {removed.signed_at.isoformat()}"
        faults.append(HeadFault("heads_removed", detail))
    return HeldHeads([head for _, head in found], local, faults)


async def late(pool: asyncpg.Pool, book: HeadBook, tenant: str, signed: int, events: int) -> HeadFault | None:
    """Whether the file's last head, at `signed`, lags behind a whole log of `events` for no good reason."""
    if signed >= events:
        return None
    row = await pool.fetchrow(_LATE, tenant, signed + 1, events, LATE)
    if row is None or not row["late"]:
        return None
    since = row["recorded_at"].isoformat(timespec="seconds")
    detail = f"{book.name}: {signed} < {events}, {since}"
    return HeadFault("heads_behind" if await book.is_there() else "heads_missing", detail)
