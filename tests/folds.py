"""Read models as they are stored, held to the fold of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg

from deploy.chaos.views import differences
from shared.adapters.postgres.read_table import register
from shared.kernel.readmodel import ReadModel, project
from shared.kernel.recorded import Recorded


async def are_the_fold(
    connection: asyncpg.Connection, models: Sequence[ReadModel], logs: Mapping[str, Sequence[Recorded]]
) -> None:
    """`logs`: each tenant's events, of all sources of these models, in any order that keeps each log's own."""
    for model in models:
        table = await register(connection, model)
        counts = dict(await connection.fetch(f"select tenant, count(*) from {table.name} group by 1"))  # noqa: S608 - ours
        for tenant, events in logs.items():
            folded = project(model, events)
            stored = await table.load(connection, tenant, list(folded))
            assert list(differences(f"{tenant} {model.name}", model, folded, stored, counts.get(tenant, 0))) == []
    assert await connection.fetchval("select count(*) from log.parked") == 0
