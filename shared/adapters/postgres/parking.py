"""Streams that a read model could not apply: listed for a person, and tried again on command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from shared.adapters.postgres.projector import fold, lock
from shared.adapters.postgres.read_table import ReadTable
from shared.kernel.ports import EventLog
from shared.kernel.readmodel import RowKey, Rows

_LIST = """
select consumer, source, tenant, stream, min(position) first_position, count(*) events,
    (array_agg(error order by position))[1] error, min(at) since
from log.parked p
where not exists (
    select from log.read_model m
    where starts_with(p.consumer, m.name || '__')
    and p.consumer not in (m.name || '__' || m.shown, m.name || '__' || m.newest)
)
group by consumer, source, tenant, stream order by min(at), consumer, tenant, stream limit $1"""
"""Not those of a generation that a rebuild has replaced: it is kept for a rollback and nobody reads it."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One stream that waits in one consumer, with the reason of its first event."""

    consumer: str
    source: str
    tenant: str
    stream: str
    first_position: int
    events: int
    error: str


async def parked(pool: asyncpg.Pool, limit: int = 1000) -> Sequence[Parked]:
    rows = await pool.fetch(_LIST, limit)
    return [
        Parked(r["consumer"], r["source"], r["tenant"], r["stream"], r["first_position"], r["events"], r["error"])
        for r in rows
    ]


async def replay(pool: asyncpg.Pool, table: ReadTable, log: EventLog, tenant: str, stream: str) -> int:
    """Apply a parked stream's events in order; how many are still parked afterwards (0: the stream goes on)."""
    async with pool.acquire() as connection, connection.transaction():
        await lock(connection, table.model.name)
        positions = await connection.fetch(
            "select position from log.parked where consumer = $1 and source = $2 and tenant = $3 and stream = $4"
            " order by position",
            table.consumer,
            log.service,
            tenant,
            stream,
        )
        waiting = [(await log.read(tenant, row["position"] - 1, 1))[0] for row in positions]
        keys: set[RowKey] = {key for recorded in waiting for key in table.model.touches(recorded)}
        rows = Rows(table.model.key, await table.load(connection, tenant, keys))
        failed = fold(table.model, rows, waiting, set())
        await table.save(connection, tenant, rows.result())
        still = {recorded.position for recorded, _ in failed}
        applied = [recorded.position for recorded in waiting if recorded.position not in still]
        await connection.execute(
            "delete from log.parked where consumer = $1 and source = $2 and tenant = $3 and position = any ($4)",
            table.consumer,
            log.service,
            tenant,
            applied,
        )
        return len(failed)
