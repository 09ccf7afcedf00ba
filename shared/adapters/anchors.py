"""What events anchor and the log doesn't hold: rows of facts, files. Each is held against the event that names it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import asyncpg

from shared.adapters.postgres.log import recorded
from shared.adapters.postgres.verify import DAMAGED, Fault
from shared.contracts.event import Event, type_of
from shared.kernel.ports import Blobs

PAGE = 500

_COUNT = "select count(*) from log.event where tenant = $1 and position < $2 and type = any ($3)"
_NEXT = """
select position, recorded_at, hash, meta, data from log.event
where tenant = $1 and position > $2 and position < $3 and type = any ($4) order by position limit $5"""


@dataclass(frozen=True, slots=True)
class Broken:
    """What is no longer as its event says: `detail` names the row or the file."""

    fault: Fault
    detail: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event type that names something outside the log. `check(tenant, event)` says what is wrong with it."""

    type: type[Event]
    check: Callable[[str, Any], Awaitable[Broken | None]]


async def first_broken(
    pool: asyncpg.Pool,
    tenant: str,
    anchors: Sequence[Anchor],
    before: int,
    progress: Callable[[int, int], None],
) -> tuple[int, Broken] | None:
    """The first position below `before` whose event names something that isn't as it was then, and what."""
    checks: Mapping[str, Anchor] = {type_of(anchor.type).name: anchor for anchor in anchors}
    total = await pool.fetchval(_COUNT, tenant, before, list(checks)) if checks else 0
    done = after = 0
    while done < total and (page := await pool.fetch(_NEXT, tenant, after, before, list(checks), PAGE)):
        for row in page:
            one = recorded(row)
            broken = await _checked(checks[one.meta.type], tenant, one.event)
            if broken is not None:
                return one.position, broken
            done += 1
            progress(done, total)
        after = page[-1]["position"]
    return None


async def _checked(anchor: Anchor, tenant: str, event: Event) -> Broken | None:
    try:
        return await anchor.check(tenant, event)
    except DAMAGED as damage:
        return Broken("unreadable", str(damage))


def blobs_anchor(blobs: Blobs, event: type[Event], named: Callable[[Any], Sequence[str]]) -> Anchor:
    """An event that names files by the SHA-256 of their stored bytes."""

    async def check(tenant: str, one: Event) -> Broken | None:
        for name in named(one):
            try:
                found = await sum_of(blobs, tenant, name)
            except FileNotFoundError:
                return Broken("blob_missing", f"blob {name}")
            except OSError as problem:  # a folder in its place, a file that isn't ours to read
                return Broken("blob_unreadable", f"blob {name}: {problem.strerror}")
            if found != name:
                return Broken("blob_differs", f"blob {name}")
        return None

    return Anchor(event, check)


async def sum_of(blobs: Blobs, tenant: str, name: str) -> str:
    """SHA-256 over a stored file's bytes, in hex. Raises FileNotFoundError, OSError."""
    whole = sha256()
    async for chunk in blobs.get(tenant, name):
        whole.update(chunk)
    return whole.hexdigest()
