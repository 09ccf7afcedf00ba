"""Every implementation of a port, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.event_store import PostgresStore, PostgresSubjectKeys
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.migrate import migrate
from shared.kernel.memory import MemoryStore


@dataclass
class Ports:
    """One implementation of all that a service stores by."""

    store: Any
    log: Any
    keys: Any
    pool: asyncpg.Pool | None = None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres_ports(database) -> AsyncIterator[Ports]:
    made = await database()
    owner = await asyncpg.connect(**made.owner)
    await migrate(owner, str(made.runtime["user"]))
    await owner.close()
    pool = await open_pool(made.runtime)
    log = PostgresLog("intake", pool)
    yield Ports(PostgresStore(pool, log), log, PostgresSubjectKeys(pool), pool)
    await pool.close()


@pytest.fixture(params=["memory", "postgres"])
def ports(request) -> Ports:
    if request.param == "postgres":
        found: Ports = request.getfixturevalue("postgres_ports")
        return found
    store = MemoryStore("intake")
    return Ports(store, store, store)
