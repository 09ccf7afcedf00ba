"""The investigation's own database, migrated, with its facts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from deploy.demo.factory import write
from services.investigation.application.capture import Capture
from services.investigation.readmodels.fact_rows import FactRows
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.event_store import PostgresStore
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.migrate import migrate
from shared.kernel.ids import new_id
from shared.kernel.memory import OpenVault
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor
from tests.integration.app import RunningApp, running_app
from tests.integration.investigation.casework import PLAN, load_factory

MIGRATIONS = Path("services/investigation/migrations")


@dataclass
class Facts:
    owner: dict[str, Any]
    pool: asyncpg.Pool
    log: PostgresLog
    store: PostgresStore
    rows: FactRows
    capture: Capture

    @staticmethod
    def context(tenant: str = "t1") -> Context:
        id_ = new_id()
        return Context(
            tenant=tenant,
            actor=Actor(subject="u-1"),
            now=datetime(2026, 3, 1, tzinfo=UTC),
            key=Key("capture", str(id_), b"f"),
            command_id=id_,
            correlation_id=id_,
        )


@pytest_asyncio.fixture(loop_scope="session")
async def facts(database) -> AsyncIterator[Facts]:
    made = await database("investigation")
    owner = await asyncpg.connect(**made.owner)
    await migrate(owner, made.runtime["user"], MIGRATIONS)
    await owner.close()
    pool = await open_pool(made.runtime)
    log = PostgresLog("investigation", pool)
    store = PostgresStore(pool, log)
    rows = FactRows(pool)
    yield Facts(made.owner, pool, log, store, rows, Capture(rows, store, OpenVault()))
    await pool.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The factory's exports again, for corrections of single rows."""
    made: Path = tmp_path_factory.mktemp("exports")
    write(PLAN, made)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(postgres, tmp_path_factory) -> AsyncIterator[RunningApp]:
    """The service alone; the synthetic factory's facts are in tenant t1."""
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("investigation",)) as running:
        await load_factory(running, tmp_path_factory.mktemp("factory"))
        yield running
