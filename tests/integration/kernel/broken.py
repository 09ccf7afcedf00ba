"""Connections that break under whoever uses them."""

from __future__ import annotations

import asyncpg


async def kill_connections(service) -> None:
    owner = await asyncpg.connect(**service.owner | {"user": "postgres"})
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await owner.close()
