"""One active worker over all processes of a service: whoever holds an advisory lock of its database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.kernel.errors import StoreUnavailable

POLL_SECONDS = 0.5


@asynccontextmanager
async def leading(pool: asyncpg.Pool, name: str) -> AsyncIterator[None]:
    """Waits until this process is the one; ends the body when the connection that holds the lock is lost.

    What the body writes elsewhere must be fenced all the same: a stalled process learns of the loss when it wakes up.
    Raises StoreUnavailable where the lock was lost, and asyncpg's errors.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    lost = False

    def lose(_: object) -> None:
        nonlocal lost
        if not lost:
            lost = True
            task.cancel()

    async with pool.acquire() as connection:
        while not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", f"leading {name}"):  # noqa: ASYNC110 - a lock
            await asyncio.sleep(POLL_SECONDS)
        connection.add_termination_listener(lose)
        try:
            yield
        except asyncio.CancelledError:
            if lost and task.uncancel() == 0:
                raise StoreUnavailable from None
            raise
        except BaseException:
            if lost:  # what failed in the body failed for the same reason, and was told instead of the cancellation
                task.uncancel()
            raise
        finally:
            if not lost and not connection.is_closed():
                connection.remove_termination_listener(lose)
                await connection.execute("select pg_advisory_unlock(hashtext($1))", f"leading {name}")
