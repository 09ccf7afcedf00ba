"""The rows of captured facts: staged unseen, seen once anchored, current by query, verified against their anchor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, fields
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.facts.stored import StoredFact, restored, row_digest, stored
from shared.adapters.postgres.connection import reading, writing
from shared.contracts.investigation.facts import DailyVolume, FactsCaptured, Superseded

_STORED = tuple(field.name for field in fields(StoredFact))
_PAGE = 5000
_EVER = 2**62

_CURRENT = """
select distinct on (r.kind, r.natural_key)
    r.batch_id, r.row, r.kind, r.natural_key, r.record, r.sha256, a.position
from facts.row r join facts.anchored a on a.tenant = r.tenant and a.batch_id = r.batch_id
where r.tenant = $1 and a.position <= $2 and {where}
order by r.kind, r.natural_key, a.position desc, r.row desc"""

_SUPERSEDED = """
select n.kind, n.natural_key, old.batch_id old_batch, old.row old_row, old.sha256 old_sha256,
    n.row new_row, n.sha256 new_sha256
from facts.row n
cross join lateral (
    select o.batch_id, o.row, o.sha256 from facts.row o
    join facts.anchored a on a.tenant = o.tenant and a.batch_id = o.batch_id
    where o.tenant = n.tenant and o.kind = n.kind and o.natural_key = n.natural_key and o.batch_id <> n.batch_id
    order by a.position desc, o.row desc limit 1
) old
where n.tenant = $1 and n.batch_id = $2 and old.sha256 <> n.sha256
order by n.row"""

_VOLUMES = """
select product, day, sum(units)::bigint units from (
    select r.product, (r.at at time zone 'UTC')::date as day,
        floor((convert_from(r.record, 'UTF8')::jsonb ->> 'quantity')::numeric) units
    from facts.row r where r.tenant = $1 and r.batch_id = $2 and r.product is not null and r.at is not null
) v group by product, day order by product, day"""


@dataclass(frozen=True, slots=True)
class BatchFault:
    """What is wrong with a batch's rows: the first bad row, or None where the count or the whole sum is."""

    batch_id: UUID
    row: int | None
    problem: str


class FactRows:
    """All facts of the service's database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def stage(self, tenant: str, batch_id: UUID, kind: str, rows: Iterable[StoredFact]) -> None:
        """Write rows that nobody sees until their batch is anchored."""
        with writing():
            await self._pool.copy_records_to_table(
                "row",
                schema_name="facts",
                columns=("tenant", "batch_id", "kind", *_STORED),
                records=((tenant, batch_id, kind, *astuple(row)) for row in rows),
            )

    async def discard(self, tenant: str, batch_id: UUID) -> None:
        """Remove what a capture that was cut off left behind; an anchored batch refuses."""
        with writing():
            await self._pool.execute("delete from facts.row where tenant = $1 and batch_id = $2", tenant, batch_id)

    @asynccontextmanager
    async def one_at_a_time(self, tenant: str) -> AsyncIterator[None]:
        """Over all processes: an advisory lock that goes with its connection."""
        async with self._pool.acquire() as connection:
            await connection.execute("select pg_advisory_lock(hashtext('facts'), hashtext($1))", tenant)
            try:
                yield
            finally:
                if not connection.is_closed():
                    await connection.execute("select pg_advisory_unlock(hashtext('facts'), hashtext($1))", tenant)

    async def superseded(self, tenant: str, batch_id: UUID) -> list[Superseded]:
        """The rows known before that this (staged) batch corrects."""
        with reading():
            rows = await self._pool.fetch(_SUPERSEDED, tenant, batch_id)
        return [
            Superseded(
                kind=r["kind"],
                natural_key=r["natural_key"],
                old_batch=r["old_batch"],
                old_row=r["old_row"],
                old_sha256=r["old_sha256"].hex(),
                new_row=r["new_row"],
                new_sha256=r["new_sha256"].hex(),
            )
            for r in rows
        ]

    async def volumes(self, tenant: str, batch_id: UUID) -> list[DailyVolume]:
        """Whole units of each product on each day (UTC) in the batch."""
        with reading():
            rows = await self._pool.fetch(_VOLUMES, tenant, batch_id)
        return [DailyVolume(product=r["product"], day=r["day"], units=r["units"]) for r in rows]

    async def current(
        self, tenant: str, kinds: Sequence[str], until: int | None = None, **where: Sequence[str]
    ) -> list[FactRecord]:
        """The current facts of these kinds whose column (lot, input_lot, product, operator …) is among the values.

        `until`: as known at that log position. Sorted by kind and natural key.
        """
        conditions = ["r.kind = any ($3)"]
        arguments: list[Any] = [tenant, _EVER if until is None else until, list(kinds)]
        for column, values in where.items():
            arguments.append(list(values))
            conditions.append(f"r.{_checked(column)} = any (${len(arguments)})")
        with reading():
            rows = await self._pool.fetch(_CURRENT.format(where=" and ".join(conditions)), *arguments)
        return [_fact(tenant, row) for row in rows]

    async def cited(self, tenant: str, batch_id: UUID, row: int) -> FactRecord | None:
        """One anchored fact, current or not."""
        with reading():
            found = await self._pool.fetchrow(
                "select r.batch_id, r.row, r.kind, r.natural_key, r.record, r.sha256, a.position from facts.row r"
                " join facts.anchored a on a.tenant = r.tenant and a.batch_id = r.batch_id"
                " where r.tenant = $1 and r.batch_id = $2 and r.row = $3",
                tenant,
                batch_id,
                row,
            )
        return None if found is None else _fact(tenant, found)

    async def verify(self, tenant: str, captured: FactsCaptured) -> BatchFault | None:
        """Hold a batch's rows against its event, streaming: each row's sum and copies, the count, the whole sum."""
        whole, after, count = sha256(), -1, 0
        while page := await self._page(tenant, captured.batch_id, after):
            for row in page:
                problem = _row_problem(row)
                if problem:
                    return BatchFault(captured.batch_id, row["row"], problem)
                whole.update(row["sha256"])
                count += 1
            after = page[-1]["row"]
        if count != captured.rows:
            return BatchFault(captured.batch_id, None, f"{count} rows, {captured.rows} were anchored")
        if whole.hexdigest() != captured.sha256:
            return BatchFault(captured.batch_id, None, "the rows' sum differs from the anchored one")
        return None

    async def _page(self, tenant: str, batch_id: UUID, after: int) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self._pool.fetch(
            "select * from facts.row where tenant = $1 and batch_id = $2 and row > $3 order by row limit $4",
            tenant,
            batch_id,
            after,
            _PAGE,
        )
        return rows


def _checked(column: str) -> str:
    if column not in ("lot", "input_lot", "product", "node", "equipment", "operator", "natural_key"):
        raise ValueError(column)
    return column


def _fact(tenant: str, row: asyncpg.Record) -> FactRecord:
    return FactRecord(
        tenant=tenant,
        batch=row["batch_id"],
        row=row["row"],
        sha256=row["sha256"].hex(),
        kind=row["kind"],
        record=restored(KINDS[row["kind"]], msgspec.json.decode(row["record"])),
        position=row["position"],
    )


def _row_problem(row: asyncpg.Record) -> str | None:
    if row_digest(row["kind"], row["natural_key"], row["record"], row["raw"]) != row["sha256"]:
        return "the row's content was changed"
    kind = KINDS[row["kind"]]
    again = stored(
        kind,
        row["row"],
        row["natural_key"],
        restored(kind, msgspec.json.decode(row["record"])),
        msgspec.json.decode(row["raw"]),
    )
    differs = [name for name in _STORED if getattr(again, name) != row[name]]
    return f"the copy in column {differs[0]} was changed" if differs else None
