"""One service's database, migrated, with a small read model that the consumers' promises are tried on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest_asyncio

from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.event_store import PostgresStore, PostgresSubjectKeys
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.migrate import migrate


@dataclass
class Service:
    """What one service runs on."""

    name: str
    owner: dict[str, Any]
    pool: asyncpg.Pool
    log: PostgresLog
    store: PostgresStore
    keys: PostgresSubjectKeys
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def run(self, coroutine) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self.running.append(task)
        return task


@pytest_asyncio.fixture(loop_scope="session")
async def service(database) -> AsyncIterator[Service]:
    made = await database()
    owner = await asyncpg.connect(**made.owner)
    await migrate(owner, made.runtime["user"])
    await owner.close()
    pool = await open_pool(made.runtime)
    log = PostgresLog("intake", pool)
    one = Service("intake", made.owner, pool, log, PostgresStore(pool, log), PostgresSubjectKeys(pool))
    yield one
    for task in one.running:
        task.cancel()
    await asyncio.gather(*one.running, return_exceptions=True)
    await pool.close()
