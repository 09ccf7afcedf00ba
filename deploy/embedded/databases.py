"""A database, an owner and a runtime role for each service."""

from __future__ import annotations

import re
from dataclasses import dataclass

import asyncpg

from deploy.embedded.postgres import SUPERUSER, ConnectArgs, EmbeddedPostgres

OWNER = "suyuan_owner"
"""Migrations run as this role; it owns the databases and nothing logs in with it at run time."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class ServiceDatabase:
    """How one service reaches its database: as `owner` to migrate, as `runtime` to serve."""

    name: str
    owner: ConnectArgs
    runtime: ConnectArgs


async def ensure_service_database(
    postgres: EmbeddedPostgres, service: str, *, database: str | None = None
) -> ServiceDatabase:
    """Make database, owner and runtime role of a service where they are missing.

    The database is `suyuan_<service>` (or `database`), owned by `suyuan_owner`. The runtime role `suyuan_<service>`
    connects to its own database only and creates nothing in it; what it may touch is granted by the migrations.
    """
    runtime = _checked(f"suyuan_{service}")
    name = _checked(database or runtime)
    server = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
    try:
        for role in (OWNER, runtime):
            await _ensure_role(server, role)
        for open_to_all in ("postgres", "template1"):
            await server.execute(f"REVOKE ALL ON DATABASE {open_to_all} FROM PUBLIC")
        if not await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await server.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        await server.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await server.execute(f"GRANT CONNECT ON DATABASE {name} TO {runtime}")
    finally:
        await server.close()
    inside = await asyncpg.connect(**postgres.dsn(name, SUPERUSER))
    try:
        await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await inside.execute(f"GRANT USAGE ON SCHEMA public TO {runtime}")
    finally:
        await inside.close()
    return ServiceDatabase(name=name, owner=postgres.dsn(name, OWNER), runtime=postgres.dsn(name, runtime))


async def _ensure_role(server: asyncpg.Connection, role: str) -> None:
    if not await server.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await server.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")


def _checked(name: str) -> str:
    """A name that needs no quoting in SQL."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a database or role name: {name!r}")
    return name
