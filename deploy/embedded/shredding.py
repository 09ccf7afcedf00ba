"""What a destroyed key leaves on the disk: the row's old version in its table, and the log records that wrote it.

Postgres keeps both for a while: a wrapped key found there, and the master key, would still open what was erased. So
after an erasure the table is written anew, without its dead rows, and the write-ahead log up to then is let go
(`wal_recycle` is off: a segment is removed, never renamed). Blocks of removed files are the file system's to overwrite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import asyncpg

from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from shared.adapters.logging import get_logger
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES

SETTLE_SECONDS = 1.0
"""Erasures that come together are cleared together."""
LOOK_SECONDS = 2.0

_log = get_logger("suyuan.erasure")


async def keep_shredded(postgres: EmbeddedPostgres, runtimes: Mapping[str, Runtime]) -> None:
    """For as long as the system runs: what an earlier run left at once, then after each erasure."""
    await asyncio.gather(*(_keep(postgres, name, runtime) for name, runtime in runtimes.items()))


async def keep_shredded_of(postgres: EmbeddedPostgres) -> None:
    """The same where the services are processes of their own: each database is looked at every few seconds."""
    while True:
        for service in SERVICES:
            try:
                await _shred(postgres, service)
            except asyncpg.UndefinedTableError:  # its process hasn't made the schema yet
                continue
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                _log.warning("destroyed keys not cleared from the disk yet", service=service, why=str(error))
        await asyncio.sleep(LOOK_SECONDS)


async def _keep(postgres: EmbeddedPostgres, service: str, runtime: Runtime) -> None:
    destroyed = runtime.resources.store.keys_destroyed
    while True:
        destroyed.clear()
        try:
            await _shred(postgres, service)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.warning("destroyed keys not cleared from the disk yet", service=service, why=str(error))
            destroyed.set()
        await destroyed.wait()
        await asyncio.sleep(SETTLE_SECONDS)


async def _shred(postgres: EmbeddedPostgres, service: str) -> None:
    """The table's comment says up to which erasure it was done."""
    connection = await asyncpg.connect(**postgres.dsn(f"suyuan_{service}", SUPERUSER))
    try:
        newest = await connection.fetchval("select max(destroyed_at)::text from log.subject_key")
        done = await connection.fetchval("select obj_description('log.subject_key'::regclass)")
        if newest is None or newest == done:
            return
        await connection.execute("vacuum full log.subject_key")
        await connection.execute("vacuum full log.subject_lookup")
        await connection.execute("select pg_switch_wal()")
        await connection.execute("checkpoint")
        await connection.execute(f"comment on table log.subject_key is '{newest}'")
        _log.info("destroyed keys cleared from the disk", service=service, until=newest)
    finally:
        await connection.close()
