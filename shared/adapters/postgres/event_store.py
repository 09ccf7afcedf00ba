"""EventStore, SubjectKeys and Numbers over Postgres."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.adapters.disk import Room
from shared.adapters.postgres.appender import Appender
from shared.adapters.postgres.connection import reading, writing
from shared.adapters.postgres.log import PostgresLog, recorded
from shared.adapters.telemetry import span
from shared.kernel.ports import Appended, AppendRequest, Claim, Key, Loaded

_LOAD = """
select position, version, recorded_at, hash, meta, data from log.event
where tenant = $1 and stream = $2 and position <= $3 order by version"""

_LOAD_AND_LOOK_UP = """
select 0 part, position, version, recorded_at, hash, meta, data from log.event where tenant = $1 and stream = $2
union all
select 1, position, version, at, fingerprint, answer, convert_to(stream, 'UTF8') from log.command
where tenant = $1 and scope = $3 and key = $4
order by 1, 3"""

_END = 2**62


class PostgresStore:
    """The streams of one service. `room` is asked before each append, where the database's disk is ours to see."""

    def __init__(self, pool: asyncpg.Pool, log: PostgresLog, room: Room | None = None) -> None:
        self.service = log.service
        self._pool = pool
        self._room = room
        self.appender = Appender(pool, log.advance, log.service)

    async def load(self, tenant: str, stream: str, key: Key | None = None, *, until: int | None = None) -> Loaded:
        with reading():
            if key is None or until is not None:
                rows = await self._pool.fetch(_LOAD, tenant, stream, _END if until is None else until)
                return _loaded(rows)
            rows = await self._pool.fetch(_LOAD_AND_LOOK_UP, tenant, stream, key.scope, key.key)
        if not rows or rows[-1]["part"] == 0:
            return _loaded(rows)
        known = rows.pop()
        first = Appended(known["data"].decode(), known["version"], known["position"], known["meta"], repeated=True)
        loaded = _loaded(rows)
        return Loaded(loaded.events, loaded.version, first, known["hash"])

    async def append(self, request: AppendRequest) -> Appended:
        if self._room is not None:
            self._room.check()
        with span("append", service=self.service, stream=request.stream):
            return await self.appender.append(request)

    async def reacted(self, tenant: str, name: str, causation_ids: Collection[UUID]) -> set[UUID]:
        with reading():
            rows = await self._pool.fetch(
                "select causation_id from log.reaction where tenant = $1 and name = $2 and causation_id = any ($3)",
                tenant,
                name,
                list(causation_ids),
            )
        return {row["causation_id"] for row in rows}

    async def holder(self, tenant: str, claim: Claim) -> str | None:
        with reading():
            held: str | None = await self._pool.fetchval(
                "select stream from log.claim where tenant = $1 and scope = $2 and value = $3",
                tenant,
                claim.scope,
                claim.value,
            )
        return held

    async def position_at(self, tenant: str, moment: datetime) -> int:
        """By bisection over the primary key: recorded_at never falls along the log."""
        with reading():
            low, high = 0, await self._pool.fetchval("select position from log.head where tenant = $1", tenant) or 0
            while low < high:
                middle = (low + high + 1) // 2
                at = await self._pool.fetchval(
                    "select recorded_at from log.event where tenant = $1 and position = $2", tenant, middle
                )
                low, high = (middle, high) if at <= moment else (low, middle - 1)
        return low


def _loaded(rows: list[asyncpg.Record]) -> Loaded:
    return Loaded([recorded(row) for row in rows], rows[-1]["version"] if rows else 0)


class PostgresSubjectKeys:
    """SubjectKeys of one service."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def wrapped(self, tenant: str, owners: Collection[UUID]) -> Mapping[UUID, bytes | None]:
        with reading():
            rows = await self._pool.fetch(
                "select owner, wrapped from log.subject_key where tenant = $1 and owner = any ($2)",
                tenant,
                list(owners),
            )
        return {row["owner"]: row["wrapped"] for row in rows}

    async def find(self, tenant: str, lookups: Collection[bytes]) -> Mapping[bytes, UUID]:
        with reading():
            rows = await self._pool.fetch(
                "select digest, owner from log.subject_lookup where tenant = $1 and digest = any ($2)",
                tenant,
                list(lookups),
            )
        return {row["digest"]: row["owner"] for row in rows}


class PostgresNumbers:
    """Human numbers, drawn in blocks so that a number costs no round trip; a restart skips the rest of a block."""

    BLOCK = 20

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._left: dict[tuple[str, str, int], range] = {}
        self._drawing: defaultdict[tuple[str, str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def next(self, tenant: str, scope: str, year: int) -> int:
        which = (tenant, scope, year)
        async with self._drawing[which]:
            left = self._left.get(which) or await self._draw(which)
            self._left[which] = left[1:]
            return left[0]

    async def _draw(self, which: tuple[str, str, int]) -> range:
        with writing():
            first: int = await self._pool.fetchval("select log.take_numbers($1, $2, $3, $4)", *which, self.BLOCK)
        return range(first, first + self.BLOCK)
