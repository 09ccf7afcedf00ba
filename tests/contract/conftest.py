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
from tests.published import published


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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka_ports(database, kafka) -> AsyncIterator[Ports]:
    """A log that is written to Postgres, published by a relay and read from its topic."""
    async with published(await database(), kafka) as one:
        yield Ports(one.store, one.read, one.keys, one.pool)


@pytest.fixture(params=["memory", "postgres", "kafka"])
def logs(request) -> Ports:
    """As `ports`, of every EventLog."""
    return request.getfixturevalue("kafka_ports") if request.param == "kafka" else _ports(request)


@pytest.fixture(params=["memory", "postgres"])
def ports(request) -> Ports:
    return _ports(request)


def _ports(request) -> Ports:
    if request.param == "postgres":
        found: Ports = request.getfixturevalue("postgres_ports")
        return found
    store = MemoryStore("intake")
    return Ports(store, store, store)
