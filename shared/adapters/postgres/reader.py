"""How a read model's query reads: a pool or a connection, by the two calls it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Reader(Protocol):
    """asyncpg's Pool and Connection are Readers. A row is read by column name."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]: ...

    async def fetchrow(self, query: str, *args: Any) -> Mapping[str, Any] | None: ...
