"""EventStore, SubjectKeys and Numbers over Postgres."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Protocol
from uuid import UUID

import asyncpg

from shared.adapters.postgres.appender import Appender
from shared.adapters.postgres.connection import KEY_BY_KEY, reading, writing
from shared.adapters.postgres.group_read import GroupRead
from shared.adapters.postgres.log import PostgresLog, recorded
from shared.adapters.telemetry import span
from shared.kernel.ports import Appended, AppendRequest, Claim, Key, Loaded

_LOAD = """
select position, version, recorded_at, hash, meta, data from log.event
where tenant = $1 and stream = $2 and position between 1 and $3 order by version"""

_LOAD_AND_LOOK_UP = f"""
select n, 0 part, e.* from unnest($1::text[], $2::text[]) with ordinality k(tenant, stream, n) cross join lateral (
  select position, version, recorded_at, hash, meta, data from log.event e
  where e.tenant = k.tenant and e.stream = k.stream and e.position > 0 {KEY_BY_KEY}) e
union all
select n, 1, c.* from unnest($1::text[], $3::text[], $4::text[]) with ordinality k(tenant, scope, key, n)
cross join lateral (
  select position, version, at, fingerprint, answer, convert_to(stream, 'UTF8') from log.command c
  where c.tenant = k.tenant and c.scope = k.scope and c.key = k.key {KEY_BY_KEY}) c
order by 1, 2, 4"""  # noqa: S608 - our own words only

_WRAPPED = f"""
select tenant, owner, wrapped from unnest($1::text[], $2::uuid[]) k(tenant, owner) cross join lateral (
  select wrapped from log.subject_key s where s.tenant = k.tenant and s.owner = k.owner {KEY_BY_KEY}) s"""  # noqa: S608 - our own words only
_FOUND = f"""
select tenant, digest, owner from unnest($1::text[], $2::bytea[]) k(tenant, digest) cross join lateral (
  select owner from log.subject_lookup s where s.tenant = k.tenant and s.digest = k.digest {KEY_BY_KEY}) s"""  # noqa: S608 - our own words only

_END = 2**62

_LoadKey = tuple[str, str, str, str]
"""Tenant, stream, and the scope and text of the idempotency key."""


class Gate(Protocol):
    """Whether anything may be written just now: there is room on the disk, the history is the published one."""

    def check(self) -> None:
        """Raises a StoreError where not."""
        ...


class PostgresStore:
    """The streams of one service. `gate` is asked before each append."""

    def __init__(self, pool: asyncpg.Pool, log: PostgresLog, gate: Gate | None = None) -> None:
        self.service = log.service
        self._pool = pool
        self._gate = gate
        self.appender = Appender(pool, log.advance, log.service)
        self.keys_destroyed = asyncio.Event()
        """Set by each append that destroys keys, for whoever clears what they leave on the disk."""
        self._loads: GroupRead[_LoadKey, Loaded] = GroupRead(self._load_many)

    async def load(self, tenant: str, stream: str, key: Key | None = None, *, until: int | None = None) -> Loaded:
        if key is None or until is not None:
            with reading():
                return _loaded(await self._pool.fetch(_LOAD, tenant, stream, _END if until is None else until))
        which = (tenant, stream, key.scope, key.key)
        return (await self._loads.find([which])).get(which, Loaded((), 0))

    async def _load_many(self, keys: Sequence[_LoadKey]) -> Mapping[_LoadKey, Loaded]:
        with reading():
            rows = await self._pool.fetch(_LOAD_AND_LOOK_UP, *zip(*keys, strict=True))
        return {keys[n - 1]: _with_first_answer(list(of_one)) for n, of_one in groupby(rows, itemgetter("n"))}

    async def append(self, request: AppendRequest) -> Appended:
        if self._gate is not None:
            self._gate.check()
        with span("append", service=self.service, stream=request.stream):
            done = await self.appender.append(request)
        if request.destroy:
            self.keys_destroyed.set()
        return done

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


def _with_first_answer(rows: list[asyncpg.Record]) -> Loaded:
    """A stream's events, and last what its key was answered before, where it was."""
    if rows[-1]["part"] == 0:
        return _loaded(rows)
    known = rows.pop()
    first = Appended(known["data"].decode(), known["version"], known["position"], known["meta"], repeated=True)
    loaded = _loaded(rows)
    return Loaded(loaded.events, loaded.version, first, known["hash"])


def _loaded(rows: list[asyncpg.Record]) -> Loaded:
    return Loaded([recorded(row) for row in rows], rows[-1]["version"] if rows else 0)


class PostgresSubjectKeys:
    """SubjectKeys of one service."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._wrapped: GroupRead[tuple[str, UUID], bytes | None] = GroupRead(self._wrapped_of)
        self._found: GroupRead[tuple[str, bytes], UUID] = GroupRead(self._owners_of)

    async def wrapped(self, tenant: str, owners: Collection[UUID]) -> Mapping[UUID, bytes | None]:
        found = await self._wrapped.find([(tenant, owner) for owner in owners])
        return {owner: found[tenant, owner] for owner in owners if (tenant, owner) in found}

    async def find(self, tenant: str, lookups: Collection[bytes]) -> Mapping[bytes, UUID]:
        found = await self._found.find([(tenant, digest) for digest in lookups])
        return {digest: found[tenant, digest] for digest in lookups if (tenant, digest) in found}

    async def _wrapped_of(self, keys: Sequence[tuple[str, UUID]]) -> Mapping[tuple[str, UUID], bytes | None]:
        with reading():
            rows = await self._pool.fetch(_WRAPPED, *zip(*keys, strict=True))
        return {(row["tenant"], row["owner"]): row["wrapped"] for row in rows}

    async def _owners_of(self, keys: Sequence[tuple[str, bytes]]) -> Mapping[tuple[str, bytes], UUID]:
        with reading():
            rows = await self._pool.fetch(_FOUND, *zip(*keys, strict=True))
        return {(row["tenant"], row["digest"]): row["owner"] for row in rows}


class PostgresNumbers:
    """Human numbers, drawn in blocks so that a number costs no round trip; a restart skips the rest of a block.

    The pool need not wait for the disk: whatever is appended with a number is written after the draw, and waits.
    """

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
