"""A service's database at the target: reached, judged, given its schema, filled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from rich.progress import Progress

from deploy.moving.errors import CopyDiffers, TargetAway, TargetNotEmpty, TargetUnclear
from deploy.moving.tables import Contents, Part, contents, copy, is_empty, parts_of
from deploy.moving.targets import Target
from shared.adapters.postgres.connection import BROKEN, UNTRUSTWORTHY, DurabilityOff
from shared.adapters.postgres.migrate import check, migrate
from shared.adapters.runtime import migrations_of

CONNECT_SECONDS = 10.0
_OWN = {"application_name": "suyuan", "statement_timeout": "0", "synchronous_commit": "on"}
"""Whatever the role has for its own: a copy takes what it takes, and is on disk when it is said to be."""

_SIZE = "select pg_table_size(to_regclass($1))"


@dataclass(frozen=True, slots=True)
class Reached:
    """`owner`: a connection as its owner; `role`: whom the schema's rights are for."""

    target: Target
    owner: asyncpg.Connection
    role: str

    @property
    def service(self) -> str:
        return self.target.service


@asynccontextmanager
async def reached(target: Target) -> AsyncIterator[Reached]:
    """Raises TargetAway, TargetUnclear, DurabilityOff."""
    runtime = await _connected(target, target.runtime, "runtime role")
    try:
        role = await runtime.fetchval("select current_user")
    finally:
        await runtime.close()
    owner = await _connected(target, target.owner, "owner")
    try:
        for name in UNTRUSTWORTHY:
            if await owner.fetchval("select current_setting($1)", name) == "off":
                raise DurabilityOff(setting=name)
        if await owner.fetchval("select current_user") == role:
            raise TargetUnclear(service=target.service, source=target.where, problem=f"owner = runtime role ({role})")
        yield Reached(target, owner, role)
    finally:
        await owner.close()


async def _connected(target: Target, url: str, role: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=_OWN)
    except (*BROKEN, asyncpg.PostgresError, ValueError) as problem:  # also a wrong password, no such database
        said = str(problem) or type(problem).__name__
        raise TargetAway(service=target.service, where=target.where, role=role, problem=said) from problem


async def prepared(place: Reached, source: asyncpg.Connection) -> bool:
    """Whether the rows are still to be copied. An empty database gets its schema.

    Raises TargetNotEmpty where there is anything else than just the source's rows; NewerSchema, OlderSchema,
    ChangedMigration.
    """
    if await is_empty(place.owner, place.service):
        await migrate(place.owner, place.role, migrations_of(place.service))
        return True
    await check(place.owner, migrations_of(place.service))
    wanted = await contents(source, place.service)
    if wanted.differs_from(await contents(place.owner, place.service)) is None:
        return False
    raise TargetNotEmpty(service=place.service, where=place.target.where)


async def filled(source: asyncpg.Connection, place: Reached, progress: Progress) -> Contents:
    """Copy all rows, and see that they are the same. Raises TargetNotEmpty, CopyDiffers."""
    tasks = {
        part.name: progress.add_task(f"{place.service} {part.name} (B)", total=await source.fetchval(_SIZE, part.name))
        for part in parts_of(place.service)
    }

    def seen(part: Part, size: int) -> None:
        progress.advance(tasks[part.name], size)

    if not await copy(source, place.owner, place.service, seen):
        raise TargetNotEmpty(service=place.service, where=place.target.where)
    for task in tasks.values():
        progress.remove_task(task)
    wanted = await contents(source, place.service)
    different = wanted.differs_from(await contents(place.owner, place.service))
    if different is not None:
        raise CopyDiffers(service=place.service, part=different)
    return wanted
