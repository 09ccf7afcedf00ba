"""EventLog over the event table: what has committed, in order, with a wake-up in process and a poll as the fallback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import asyncpg

from shared.adapters.postgres.connection import BROKEN, reading
from shared.adapters.postgres.group_read import GroupRead
from shared.kernel.recorded import Recorded

POLL_SECONDS = 0.05

_READ = """
select k.n, e.* from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality k(tenant, after, most, n)
cross join lateral (
  select position, recorded_at, hash, meta, data from log.event e
  where e.tenant = k.tenant and e.position > k.after order by position limit k.most) e
order by k.n, e.position"""
_HEADS = "select tenant, position from log.head where position > 0"


_ReadKey = tuple[str, int, int]
"""Tenant, the position after which to read, and how many events at most."""


def recorded(row: asyncpg.Record) -> Recorded:
    return Recorded(row["position"], row["recorded_at"], row["hash"], row["meta"], row["data"])


class PostgresLog:
    """One service's log. `run` keeps the known heads fresh; `advance` is the appender's wake-up."""

    def __init__(self, service: str, pool: asyncpg.Pool) -> None:
        self.service = service
        self._pool = pool
        self._heads: dict[str, int] = {}
        self._grown = asyncio.Event()
        self._reads: GroupRead[_ReadKey, list[Recorded]] = GroupRead(self._read_many)

    async def heads(self) -> Mapping[str, int]:
        with reading():
            rows = await self._pool.fetch(_HEADS)
        raised = [self._raise_head(row["tenant"], row["position"]) for row in rows]
        if any(raised):
            self._wake()  # whoever asked: the appender finds the head raised already, and wakes nobody
        return dict(self._heads)

    async def head_hashes(self) -> Mapping[str, tuple[int, bytes]]:
        """Tenant → (position, hash), for signing."""
        with reading():
            rows = await self._pool.fetch("select tenant, position, hash from log.head where position > 0")
        return {row["tenant"]: (row["position"], row["hash"]) for row in rows}

    async def read(self, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        """Several consumers that are at the same place get the same events, which are decoded once."""
        which = (tenant, after, limit)
        return (await self._reads.find([which])).get(which, [])

    async def _read_many(self, keys: Sequence[_ReadKey]) -> Mapping[_ReadKey, list[Recorded]]:
        with reading():
            rows = await self._pool.fetch(_READ, *zip(*keys, strict=True))
        return {keys[n - 1]: [recorded(row) for row in of_one] for n, of_one in groupby(rows, itemgetter("n"))}

    async def changed(self, seen: Mapping[str, int], patience: float) -> Mapping[str, int]:
        ahead = self._ahead(seen)
        if ahead:
            return ahead
        try:
            async with asyncio.timeout(patience):  # wait_for of Python 3.11 may swallow a cancellation
                await self._grown.wait()
        except TimeoutError:
            return {}
        return self._ahead(seen)

    async def reached(self, tenant: str, position: int, patience: float) -> bool:
        del patience  # the table itself: what isn't there isn't
        return position <= (await self.heads()).get(tenant, 0)

    def advance(self, tenant: str, position: int) -> None:
        """A commit was made in this process: wake whoever waits."""
        if self._raise_head(tenant, position):
            self._wake()

    async def run(self) -> None:
        """Poll, for what other processes append; a database that is away is asked again."""
        while True:
            try:
                await self.heads()
            except Exception as error:
                if not isinstance(error.__cause__, BROKEN):
                    raise
            await asyncio.sleep(POLL_SECONDS)

    def _raise_head(self, tenant: str, position: int) -> bool:
        if position <= self._heads.get(tenant, 0):
            return False
        self._heads[tenant] = position
        return True

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def _ahead(self, seen: Mapping[str, int]) -> Mapping[str, int]:
        return {tenant: head for tenant, head in self._heads.items() if head > seen.get(tenant, 0)}
