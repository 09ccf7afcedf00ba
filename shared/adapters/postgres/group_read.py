"""Group reading: look-ups that arrive while others are on the way form the next statement, as appends do.

A statement costs the database and this process far more than a row more in it. Each look-up is in a statement that is
sent after it was asked for, so it sees all that was committed before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

FLIGHTS = 2
"""How many statements of one kind are on the way at once: a slow one doesn't hold up everybody."""
MAX_CALLERS = 100


_Caller = tuple[Sequence[K], asyncio.Future[Mapping[K, V]]]


class GroupRead(Generic[K, V]):
    """Asks `fetch` for the keys of many callers at once; it returns what it found, and raises for all of them."""

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._fetch = fetch
        self._waiting: deque[_Caller[K, V]] = deque()
        self._flights: set[asyncio.Task[None] | None] = set()

    async def find(self, keys: Sequence[K]) -> Mapping[K, V]:
        """Of these keys, those there are (and perhaps others'). What is found is shared: not to be changed."""
        if not keys:
            return {}
        done: asyncio.Future[Mapping[K, V]] = asyncio.get_running_loop().create_future()
        self._waiting.append((keys, done))
        if len(self._flights) < FLIGHTS:
            self._flights.add(asyncio.create_task(self._fly()))
        return await done

    async def _fly(self) -> None:
        await asyncio.sleep(0)  # callers of the same turn of the loop come along
        try:
            while self._waiting:
                await self._ask([self._waiting.popleft() for _ in range(min(MAX_CALLERS, len(self._waiting)))])
        finally:  # before anything else runs: who comes now must find that nobody flies
            self._flights.discard(asyncio.current_task())

    async def _ask(self, callers: Sequence[_Caller[K, V]]) -> None:
        try:
            found = await self._fetch(list(dict.fromkeys(key for keys, _ in callers for key in keys)))
        except Exception as error:  # noqa: BLE001 - handed to every caller
            for _, done in callers:
                if not done.done():
                    done.set_exception(error)
        else:
            for _, done in callers:
                if not done.done():
                    done.set_result(found)
