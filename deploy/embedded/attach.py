"""The system on a data folder for one command: beside whoever holds it, or started for as long as it takes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import asyncpg

from deploy.embedded.databases import OWNER
from deploy.embedded.errors import FolderInUse
from deploy.embedded.options import PORT
from deploy.embedded.process import POLL_SECONDS, Postmaster
from deploy.embedded.system import embedded, secrets_of, wired
from shared.adapters.postgres.connection import connect
from shared.adapters.postgres.migrate import check
from shared.adapters.runtime import Runtime, migrations_of
from shared.adapters.settings import Settings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock

PATIENCE_SECONDS = 30.0
"""How long another process that holds the folder may take to start its database, or to end it."""


@asynccontextmanager
async def attached(settings: Settings) -> AsyncIterator[Mapping[str, Runtime]]:
    """The services, connected and nothing running in the background.

    Where another process holds the folder its Postgres is spoken to; its schema is left as it is. Asked to end
    (SIGTERM), the command ends what it started. Raises EmbeddedError, NewerSchema, OlderSchema, ChangedMigration.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(ended_by_sigterm())
        runtimes = await _runtimes(stack, settings)
        await stack.enter_async_context(connected(runtimes))
        yield runtimes


@asynccontextmanager
async def connected(runtimes: Mapping[str, Runtime]) -> AsyncIterator[None]:
    """Their pools, while the body runs; nothing in the background."""
    with ExitStack() as stack:
        for each in runtimes.values():
            for pool in (each.resources.pool, each.resources.derived):
                stack.callback(_ended, pool)
                await connect(pool)
        yield


@asynccontextmanager
async def following(runtime: Runtime) -> AsyncIterator[None]:
    """Its read models kept up meanwhile: reactions look things up in them. Another process may do the same."""
    tasks = [asyncio.create_task(runtime.resources.log.run())]
    try:
        for projector in runtime.views.projectors.values():
            await projector.start()
            tasks.append(asyncio.create_task(projector.run()))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _runtimes(stack: AsyncExitStack, settings: Settings) -> Mapping[str, Runtime]:
    """Start the system, or find its database running; whoever holds the folder may be about to start or to end."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + PATIENCE_SECONDS
    while True:
        try:
            system = await stack.enter_async_context(embedded(settings))
        except FolderInUse:
            dsns = running_dsns(settings)
            if dsns is None and clock() > deadline:
                raise
        else:
            return system.runtimes
        if dsns is not None:
            for service, dsn in dsns.items():
                await _check_schema(service, dsn)
            return wired(settings, secrets_of(settings.data_dir.absolute()), dsns, system_clock)
        await asyncio.sleep(POLL_SECONDS)


def running_dsns(settings: Settings) -> Mapping[str, Mapping[str, Any]] | None:
    """How to reach the databases of the process that holds the folder; None while its Postgres isn't ready."""
    postmaster = Postmaster.of(settings.data_dir.absolute() / "postgres" / "data")
    if postmaster is None or postmaster.socket_folder is None or not postmaster.is_ready:
        return None
    host = str(postmaster.socket_folder)
    return {s: {"host": host, "port": PORT, "database": f"suyuan_{s}", "user": f"suyuan_{s}"} for s in SERVICES}


def _ended(pool: asyncpg.Pool) -> None:
    with suppress(asyncpg.InterfaceError):  # it never came to be connected
        pool.terminate()


async def _check_schema(service: str, dsn: Mapping[str, Any]) -> None:
    owner = await asyncpg.connect(**{**dsn, "user": OWNER})
    try:
        await check(owner, migrations_of(service))
    finally:
        await owner.close()


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """The body is cancelled where the process is asked to end."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    with suppress(RuntimeError):  # not the main thread: whoever runs that decides
        loop.add_signal_handler(signal.SIGTERM, task.cancel if task else loop.stop)
    try:
        yield
    finally:
        with suppress(RuntimeError):
            loop.remove_signal_handler(signal.SIGTERM)
