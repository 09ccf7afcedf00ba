"""The folder that is moved: held for as long as it takes, so that nobody serves it, and left as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.embedded.attach import connected, ended_by_sigterm
from deploy.embedded.databases import OWNER
from deploy.embedded.master_key import require_unwraps
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.system import MASTER_KEY, wired
from deploy.moving.errors import NothingToMove
from deploy.moving.targets import Keys
from deploy.settings import embedded_settings
from shared.adapters.postgres.migrate import check
from shared.adapters.runtime import Runtime, migrations_of
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock

_SEALED = "select wrapped from log.subject_key where wrapped is not null limit 1"


@dataclass(frozen=True, slots=True)
class Source:
    """`owners`: a connection to each service's database as its owner; `runtimes`: the services, connected, not run."""

    folder: Path
    owners: Mapping[str, asyncpg.Connection]
    runtimes: Mapping[str, Runtime]


@asynccontextmanager
async def held(folder: Path, keys: Keys) -> AsyncIterator[Source]:
    """Its Postgres started and ended with the body.

    Raises NothingToMove, EmbeddedError (FolderInUse where it is served), MasterKeyOther, and where its schema isn't
    this build's NewerSchema, OlderSchema, ChangedMigration.
    """
    cluster = folder / "postgres" / "data"
    if not cluster.is_dir():  # it would be made
        raise NothingToMove(folder=folder, missing=cluster)
    async with AsyncExitStack() as stack:
        stack.enter_context(ended_by_sigterm())
        postgres = await stack.enter_async_context(EmbeddedPostgres(folder / "postgres"))
        owners: dict[str, asyncpg.Connection] = {}
        for service in SERVICES:
            owners[service] = owner = await asyncpg.connect(**postgres.dsn(f"suyuan_{service}", OWNER))
            stack.push_async_callback(owner.close)
            await check(owner, migrations_of(service))
            wrapped = await owner.fetchval(_SEALED)
            if wrapped is not None:
                require_unwraps(folder / "keys" / MASTER_KEY, wrapped, f"suyuan_{service}")
        dsns = {service: dict(postgres.dsn(f"suyuan_{service}", f"suyuan_{service}")) for service in SERVICES}
        runtimes = wired(embedded_settings(folder), keys.secrets, dsns, system_clock)
        await stack.enter_async_context(connected(runtimes))
        yield Source(folder, owners, runtimes)
