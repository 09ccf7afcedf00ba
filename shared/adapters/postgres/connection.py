"""Pools, and what a broken connection means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import asyncpg

from shared.kernel.errors import AppendUnknown, StoreFull, StoreUnavailable, SuyuanError

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

KEY_BY_KEY = "offset 0"
"""Ends a lateral sub-select: each key by its index, whatever the planner believes of a table without statistics.

It took a new table for a small one and read all of a tenant's rows for each batch of keys, the longer the slower.
"""

UNTRUSTWORTHY = ("fsync", "full_page_writes")
"""Settings without which an answer of 'saved' would not be true (synchronous_commit is set on each connection)."""


@dataclass(eq=False, kw_only=True)
class DurabilityOff(SuyuanError):
    """Postgres runs with fsync or full_page_writes off: its word of 'saved' can't be relied on."""

    zh: ClassVar[str] = "拒绝启动：数据库关闭了 {setting}，断电后已确认的事件可能丢失。请在其配置中打开"
    en: ClassVar[str] = (
        "Refusing to start: the database has {setting} off, acknowledged events could be lost. Turn it on"
    )
    setting: str


async def open_pool(dsn: Mapping[str, Any], *, least: int = 1, most: int = 10, derived: bool = False) -> asyncpg.Pool:
    """A pool that is ready for use. Raises DurabilityOff."""
    pool = make_pool(dsn, least=least, most=most, derived=derived)
    await connect(pool)
    return pool


def make_pool(
    dsn: Mapping[str, Any],
    *,
    least: int = 1,
    most: int = 10,
    derived: bool = False,
    query_seconds: float | None = None,
) -> asyncpg.Pool:
    """A pool that is not connected yet: services are wired before anything connects.

    Its connections keep their prepared statements and are not reset on release (we set nothing on them). `derived`:
    for what can be made again from the log (read models and their checkpoints, in one transaction). It doesn't wait
    for the disk: after a crash both are a little behind, together. Never append through such a pool. `query_seconds`:
    for questions alone; Postgres ends a statement that takes longer, and lets nothing be written.
    """
    asking: dict[str, str] = {}
    if query_seconds is not None:
        asking = {"statement_timeout": str(ceil(query_seconds * 1000)), "default_transaction_read_only": "on"}
    return asyncpg.create_pool(
        **dsn,
        loop=_loop_here(),
        min_size=least,
        max_size=most,
        reset=_nothing_to_reset,
        command_timeout=60 if query_seconds is None else query_seconds + 5,
        server_settings={
            "application_name": "suyuan",
            "timezone": "UTC",
            "jit": "off",
            "synchronous_commit": "off" if derived else "on",
            **asking,
        },
    )


def _loop_here() -> asyncio.AbstractEventLoop:
    """The running loop. Without one a pool can't be connected, only wired; asyncpg wants a loop all the same."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        none = asyncio.new_event_loop()
        none.close()
        return none


async def connect(pool: asyncpg.Pool) -> None:
    """Connect a made pool. Raises DurabilityOff where the server can't be trusted to keep what it says is saved."""
    await pool
    for name in UNTRUSTWORTHY:
        if await pool.fetchval("select current_setting($1)", name) == "off":
            raise DurabilityOff(setting=name)


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
