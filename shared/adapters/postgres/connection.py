"""Pools, and what a broken connection means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from shared.kernel.errors import AppendUnknown, StoreFull, StoreUnavailable

BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)
"""A connection broke, or there is none. After a write was sent this means: unknown whether it was done."""

UNTRUSTWORTHY = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings without which an answer of 'saved' would not be true."""


class DurabilityOff(Exception):
    """Postgres runs with fsync, full_page_writes or synchronous_commit off: its word of 'saved' can't be relied on."""


async def open_pool(dsn: Mapping[str, Any], *, least: int = 1, most: int = 10, derived: bool = False) -> asyncpg.Pool:
    """A pool whose connections keep their prepared statements and are not reset on release (we set nothing on them).

    `derived`: for what can be made again from the log (read models and their checkpoints, in one transaction). It
    doesn't wait for the disk: after a crash both are a little behind, together. Never append through such a pool.
    """
    pool = await asyncpg.create_pool(
        **dsn,
        min_size=least,
        max_size=most,
        reset=_nothing_to_reset,
        command_timeout=60,
        server_settings={
            "application_name": "suyuan",
            "timezone": "UTC",
            "jit": "off",
            "synchronous_commit": "off" if derived else "on",
        },
    )
    await refuse_without_durability(pool, UNTRUSTWORTHY[:2] if derived else UNTRUSTWORTHY)
    return pool


async def refuse_without_durability(pool: asyncpg.Pool, settings: Sequence[str]) -> None:
    for name in settings:
        if await pool.fetchval("select current_setting($1)", name) == "off":
            raise DurabilityOff(name)


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    del connection


@contextmanager
def reading() -> Iterator[None]:
    """Nothing was written: a broken connection is only unavailable."""
    try:
        yield
    except BROKEN as error:
        raise StoreUnavailable from error


@contextmanager
def writing() -> Iterator[None]:
    """Something was sent: after a broken connection it is unknown whether it was done."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise StoreFull from error
    except BROKEN as error:
        raise AppendUnknown from error
