"""Every projection against the fold of the log, read from the database of the running system."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from deploy.chaos.findings import Finding
from deploy.chaos.logs import Logs
from shared.adapters.postgres.read_table import register
from shared.adapters.runtime import Runtime
from shared.kernel.readmodel import ReadModel, Row, RowKey, project

SHOWN = 3


def differences(
    name: str, model: ReadModel, folded: Mapping[RowKey, Row], stored: Mapping[RowKey, Row], count: int
) -> Iterator[Finding]:
    """`stored`: the rows under the fold's keys; `count`: how many rows the table has."""
    wrong = [key for key, row in folded.items() if _plain(model, row) != _plain(model, stored.get(key))]
    if wrong:
        yield Finding("view_mismatches", f"{name}: {len(wrong)} rows are not the fold's, such as {wrong[:SHOWN]}")
    if count != len(folded):
        yield Finding("view_mismatches", f"{name}: {count} rows, the fold has {len(folded)}")


def _plain(model: ReadModel, row: Row | None) -> Any:
    """As it would travel: a column that the fold leaves out is null."""
    if row is None:
        return None
    return json.loads(json.dumps({c.name: row.get(c.name) for c in model.columns}, default=str))


@dataclass
class Folds:
    """Folds kept from one check to the next, so that each event is folded once: (service, model, tenant) → rows."""

    _rows: dict[tuple[str, str, str], dict[RowKey, Row]] = field(default_factory=dict)
    _done: dict[tuple[str, str, str, str], int] = field(default_factory=dict)

    async def compare(self, runtime: Runtime, tenant: str, logs: Logs) -> list[Finding]:
        found: list[Finding] = []
        async with runtime.resources.derived.acquire() as connection:
            for model in runtime.wired.models:
                folded = self._folded(runtime.name, model, tenant, logs)
                table = await register(connection, model)
                stored = await table.load(connection, tenant, list(folded))
                count = await _count(connection, table.name, tenant)
                found += differences(f"{tenant}/{runtime.name}.{model.name}", model, folded, stored, count)
            parked = await connection.fetch(
                "select consumer, stream, error from log.parked where tenant = $1 limit 20", tenant
            )
        found += [Finding("view_mismatches", f"{r['consumer']} parked {r['stream']}: {r['error']}") for r in parked]
        return found

    def _folded(self, service: str, model: ReadModel, tenant: str, logs: Logs) -> dict[RowKey, Row]:
        which = (service, model.name, tenant)
        rows = self._rows.get(which, {})
        for source in sorted(model.sources):
            done = self._done.get((*which, source), 0)
            rows = project(model, logs[source][done:], rows)
            self._done[*which, source] = len(logs[source])
        self._rows[which] = rows
        return rows


async def _count(connection: asyncpg.Connection, table: str, tenant: str) -> int:
    count: int = await connection.fetchval(f"select count(*) from {table} where tenant = $1", tenant)  # noqa: S608 - a model's own name
    return count
