"""The connections to one service: bounded, kept for a while, replaced when the service is elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from deploy.gateway.connection import Connection

CONNECTIONS = 100
"""To one service at once: one that hangs takes no connection from the others."""
KEPT_SECONDS = 3.0
"""Less than uvicorn keeps them: a connection is given up here before it is closed there."""
CONNECT_SECONDS = 2.0
QUEUE_SECONDS = 5.0


class NotReached(ConnectionError):
    """There is no connection to be had: nothing was sent."""


class Pool:
    def __init__(self) -> None:
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._kept: list[tuple[Connection, str, float]] = []

    @asynccontextmanager
    async def connection(self, base: str, *, fresh: bool = False) -> AsyncIterator[Connection]:
        """A connection to `base` (http://host:port), given back when it may be used again. Raises NotReached."""
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise NotReached("all connections are in use") from None
        try:
            connection = (None if fresh else self._kept_to(base)) or await _connected(base)
            try:
                yield connection
            finally:
                if connection.is_reusable:
                    self._kept.append((connection, base, _now()))
                else:
                    connection.close()
        finally:
            self._free.release()

    def close(self) -> None:
        for connection, _, _ in self._kept:
            connection.close()
        self._kept.clear()

    def _kept_to(self, base: str) -> Connection | None:
        """The one used last; those too old, or to where the service was before, are closed."""
        while self._kept:
            connection, to, since = self._kept.pop()
            if to == base and not connection.lost and _now() - since < KEPT_SECONDS:
                return connection
            connection.close()
        return None


async def _connected(base: str) -> Connection:
    place = urlsplit(base)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, made = await asyncio.get_running_loop().create_connection(
                Connection, place.hostname or "", place.port or 80
            )
    except (OSError, TimeoutError) as problem:
        raise NotReached(f"no connection to {base}") from problem
    return made


def _now() -> float:
    return asyncio.get_running_loop().time()
