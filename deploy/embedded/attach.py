"""The system on a data folder for one command: beside a running server, or started for as long as it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from deploy.embedded.errors import FolderInUse
from deploy.embedded.options import PORT
from deploy.embedded.process import Postmaster
from deploy.embedded.system import embedded, secrets_of, wired
from shared.adapters.postgres.connection import connect
from shared.adapters.runtime import Runtime
from shared.adapters.settings import Settings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock


@asynccontextmanager
async def attached(settings: Settings) -> AsyncIterator[Mapping[str, Runtime]]:
    """The services with their pools connected and nothing running in the background. Raises EmbeddedError."""
    try:
        async with embedded(settings) as system, _connected(system.runtimes):
            yield system.runtimes
    except FolderInUse:
        runtimes = wired(settings, secrets_of(settings.data_dir.absolute()), _running_dsns(settings), system_clock)
        async with _connected(runtimes):
            yield runtimes


def _running_dsns(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """How to reach the database of the server that holds the folder. Raises FolderInUse where it can't be told."""
    folder = settings.data_dir.absolute() / "postgres"
    postmaster = Postmaster.of(folder / "data")
    if postmaster is None or postmaster.socket_folder is None:
        raise FolderInUse(folder=folder, holder="?")
    host = str(postmaster.socket_folder)
    return {s: {"host": host, "port": PORT, "database": f"suyuan_{s}", "user": f"suyuan_{s}"} for s in SERVICES}


@asynccontextmanager
async def _connected(runtimes: Mapping[str, Runtime]) -> AsyncIterator[None]:
    pools = [pool for each in runtimes.values() for pool in (each.resources.pool, each.resources.derived)]
    try:
        for pool in pools:
            await connect(pool)
        yield
    finally:
        for pool in pools:
            pool.terminate()
