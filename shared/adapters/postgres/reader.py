"""How a read model's query reads: a pool or a connection, by the two calls it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg

from shared.adapters.postgres.connection import reading
from shared.kernel.errors import QueryTooSlow


class Reader(Protocol):
    """asyncpg's Pool and Connection are Readers. A row is read by column name."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]: ...

    async def fetchrow(self, query: str, *args: Any) -> Mapping[str, Any] | None: ...


class PoolReader:
    """A Reader of whatever a command looks up before it decides. Raises StoreUnavailable (503)."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]:
        with reading():
            rows: Sequence[Mapping[str, Any]] = await self._pool.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Mapping[str, Any] | None:
        with reading():
            row: Mapping[str, Any] | None = await self._pool.fetchrow(query, *args)
        return row


class TimedReader:
    """A Reader whose questions end in time: Postgres ends the statement, and nobody waits longer for a connection.

    `pool` was made with the same `query_seconds`. Raises QueryTooSlow, StoreUnavailable (both 503).
    """

    def __init__(self, pool: asyncpg.Pool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]:
        async with self._connection() as connection:
            rows: Sequence[Mapping[str, Any]] = await connection.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Mapping[str, Any] | None:
        async with self._connection() as connection:
            row: Mapping[str, Any] | None = await connection.fetchrow(query, *args)
        return row

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        with reading():
            try:
                async with self._pool.acquire(timeout=self._seconds) as connection:
                    yield connection
            except (asyncpg.QueryCanceledError, TimeoutError) as error:
                raise QueryTooSlow(seconds=self._seconds) from error
