"""A database filled with read models from hand-written logs, so that their queries can be asked for real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg

from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.migrate import migrate
from shared.adapters.postgres.projector import apply
from shared.adapters.postgres.read_table import register
from shared.kernel.readmodel import ReadModel
from shared.kernel.recorded import Recorded

BATCH = 3


@asynccontextmanager
async def migrated(made) -> AsyncIterator[asyncpg.Pool]:
    """A pool of the runtime role on a fresh service database."""
    owner = await asyncpg.connect(**made.owner)
    await migrate(owner, made.runtime["user"])
    await owner.close()
    pool = await open_pool(made.runtime)
    yield pool
    await pool.close()


async def fill(
    pool: asyncpg.Pool, models: Iterable[ReadModel], logs: Mapping[str, Sequence[Recorded]], tenant: str = "t1"
) -> None:
    """Each model's table from its sources' logs, in small batches, one log after the other."""
    async with pool.acquire() as connection:
        for model in models:
            table = await register(connection, model)
            for source in sorted(model.sources & logs.keys()):
                for after in range(0, len(logs[source]), BATCH):
                    async with connection.transaction():
                        batch = logs[source][after : after + BATCH]
                        await apply(connection, table, source, tenant, after, batch)
