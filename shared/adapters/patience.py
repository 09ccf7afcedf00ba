"""Waiting between two tries, and letting go of clients that don't end, without losing sight of being asked to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.adapters.logging import get_logger

STOP_SECONDS = 3.0

_log = get_logger("suyuan.clients")


async def back_off(seconds: float) -> None:
    """Sleep; but end a task that was cancelled while a library kept the cancellation to itself, as some do."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    await asyncio.sleep(seconds)


async def let_go(name: str, stop: Callable[[], Awaitable[object]], abandon: Callable[[], Awaitable[object]]) -> None:
    """Stop a client in good order, or cut its connections: with nobody at the other end some wait for ever."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await stop()
    except TimeoutError:
        _log.warning("client does not end, its connections are cut", client=name)
        await abandon()
