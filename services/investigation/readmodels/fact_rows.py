"""The rows of captured facts: staged unseen, seen once anchored, current by query, verified against their anchor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactId, FactRecord
from services.investigation.domain.facts.stored import StoredFact, restored, row_digest, stored
from shared.adapters.disk import Room
from shared.adapters.failpoints import failpoint
from shared.adapters.postgres.connection import BROKEN, reading, writing
from shared.adapters.postgres.reader import Reader
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.facts import DailyVolume, FactsCaptured, Superseded

_STORED = StoredFact._fields
_PAGE = 5000
_EVER = 2**62

_ANCHORED = (
    "join log.event {e} on {e}.tenant = {r}.tenant and {e}.stream = 'facts-' || {r}.batch_id and {e}.version = 1"
)
"""Only rows of a batch whose first event is in the log are there; its position is when they became known."""

_CURRENT = """
select r.batch_id, r.row, r.kind, r.natural_key, r.record, r.sha256, a.position
from facts.row r {anchored}
where r.tenant = $1 and a.position <= $2 and {where}
and not exists (
    select from facts.row n {newer}
    where n.tenant = r.tenant and n.kind = r.kind and n.natural_key = r.natural_key
    and b.position <= $2 and (b.position, n.row) > (a.position, r.row)
)
order by r.kind, r.natural_key"""

_OLD = """
cross join lateral (
    select o.batch_id, o.row, o.sha256, o.product, o.at, o.record from facts.row o {anchored}
    where o.tenant = n.tenant and o.kind = n.kind and o.natural_key = n.natural_key and o.batch_id <> n.batch_id
    order by a.position desc, o.row desc limit 1
) old""".format(anchored=_ANCHORED.format(e="a", r="o"))

_SUPERSEDED = f"""
select n.kind, n.natural_key, old.batch_id old_batch, old.row old_row, old.sha256 old_sha256,
    n.row new_row, n.sha256 new_sha256
from facts.row n {_OLD}
where n.tenant = $1 and n.batch_id = $2 and old.sha256 <> n.sha256
order by n.row"""

_WOULD_SUPERSEDE = f"""
with n as (
    select $1::text tenant, $2::text kind, f.natural_key, f.sha256, '{UUID(int=0)}'::uuid batch_id
    from unnest($3::text[], $4::bytea[]) f(natural_key, sha256)
)
select count(*) from n {_OLD} where old.sha256 <> n.sha256"""

_VOLUMES = f"""
with fresh as (
    select distinct on (natural_key) * from facts.row
    where tenant = $1 and batch_id = $2 order by natural_key, row desc
), told as (
    select product, at, record, 1 sign from fresh
    union all
    select old.product, old.at, old.record, -1 from fresh n {_OLD}
)
select product, (at at time zone $3)::date as day,
    sum(sign * floor((convert_from(record, 'UTF8')::jsonb ->> 'quantity')::numeric))::bigint units
from told where product is not null and at is not null
group by 1, 2
having sum(sign * floor((convert_from(record, 'UTF8')::jsonb ->> 'quantity')::numeric)) <> 0
order by 1, 2"""

_CORRECTIONS = """
select f.batch_id, f.row, n.batch_id new_batch, n.row new_row, n.sha256 new_sha256
from unnest($2::uuid[], $3::integer[]) f(batch_id, row)
join facts.row o on o.tenant = $1 and o.batch_id = f.batch_id and o.row = f.row {old}
cross join lateral (
    select n.batch_id, n.row, n.sha256 from facts.row n {newer}
    where n.tenant = o.tenant and n.kind = o.kind and n.natural_key = o.natural_key and n.sha256 <> o.sha256
    and (b.position, n.row) > (a.position, o.row)
    order by b.position desc, n.row desc limit 1
) n""".format(old=_ANCHORED.format(e="a", r="o"), newer=_ANCHORED.format(e="b", r="n"))

_KNOWS_LOT = """
select exists (
    select from facts.row r {anchored} where r.tenant = $1 and r.lot = $2 and a.position <= $3
    union all
    select from facts.row r {anchored} where r.tenant = $1 and r.input_lot = $2 and a.position <= $3
) known""".format(anchored=_ANCHORED.format(e="a", r="r"))


@dataclass(frozen=True, slots=True)
class BatchFault:
    """What is wrong with a batch's rows: the first bad row, or None where the count or the whole sum is."""

    batch_id: UUID
    row: int | None
    problem: str


class FactRows:
    """All facts of the service's database. Days of production are told in the plant's time zone.

    `reader`: how they are asked for, where not through the pool itself. `room` is asked before rows are written.
    """

    def __init__(
        self, pool: asyncpg.Pool, plant_zone: str = "UTC", reader: Reader | None = None, room: Room | None = None
    ) -> None:
        self._room = room
        self._pool = pool
        self._plant_zone = plant_zone
        self._reader: Reader = pool if reader is None else reader

    async def stage(self, tenant: str, batch_id: UUID, kind: str, rows: Iterable[StoredFact]) -> None:
        """Write rows that nobody sees until their batch is anchored. Raises StoreFull."""
        if self._room is not None:
            self._room.check()
        with writing():
            await self._pool.copy_records_to_table(
                "row",
                schema_name="facts",
                columns=("tenant", "batch_id", "kind", *_STORED),
                records=((tenant, batch_id, kind, *row) for row in rows),
            )
        failpoint("capture-after-stage")

    async def discard(self, tenant: str, batch_id: UUID) -> None:
        """Remove what a capture that was cut off left behind; an anchored batch refuses."""
        with writing():
            await self._pool.execute("delete from facts.row where tenant = $1 and batch_id = $2", tenant, batch_id)

    @asynccontextmanager
    async def one_at_a_time(self, tenant: str) -> AsyncIterator[None]:
        """Over all processes: an advisory lock that goes with its connection."""
        with reading():
            connection = await self._pool.acquire()
        try:
            with reading():
                await connection.execute("select pg_advisory_lock(hashtext('facts'), hashtext($1))", tenant)
            yield
        finally:
            with suppress(*BROKEN):  # the lock went with its connection; what was captured is told as it is
                await connection.execute("select pg_advisory_unlock(hashtext('facts'), hashtext($1))", tenant)
            await self._pool.release(connection)

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

    async def would_supersede(self, tenant: str, kind: str, rows: Sequence[StoredFact]) -> int:
        """How many of these rows, not staged, differ from the current one of their natural key."""
        with reading():
            found: int = await self._pool.fetchval(
                _WOULD_SUPERSEDE, tenant, kind, [row.natural_key for row in rows], [row.sha256 for row in rows]
            )
        return found

    async def volumes(self, tenant: str, batch_id: UUID) -> list[DailyVolume]:
        """Whole units of each product on each day of the plant: what the batch adds to what was known before.

        A row that corrects another counts the difference, a row within the batch twice counts once.
        """
        with reading():
            rows = await self._pool.fetch(_VOLUMES, tenant, batch_id, self._plant_zone)
        return [DailyVolume(product=r["product"], day=r["day"], units=r["units"]) for r in rows]

    async def current(
        self, tenant: str, kinds: Sequence[str], until: int | None = None, **where: Sequence[str]
    ) -> list[FactRecord]:
        """The current facts of these kinds whose column (lot, input_lot, product, operator …) is among the values.

        Current is the newest row of a natural key, whatever lot it names now: what was corrected away doesn't return.
        `until`: as known at that log position. Sorted by kind and natural key.
        """
        conditions = ["r.kind = any ($3)"]
        arguments: list[Any] = [tenant, _EVER if until is None else until, list(kinds)]
        for column, values in where.items():
            arguments.append(list(values))
            conditions.append(f"r.{_checked(column)} = any (${len(arguments)})")
        with reading():
            sql = _CURRENT.format(
                where=" and ".join(conditions),
                anchored=_ANCHORED.format(e="a", r="r"),
                newer=_ANCHORED.format(e="b", r="n"),
            )
            rows = await self._reader.fetch(sql, *arguments)
        return [_fact(tenant, row) for row in rows]

    async def position(self, tenant: str) -> int:
        """The log position of the last anchored batch (0: none)."""
        with reading():
            found = await self._reader.fetchrow(
                "select max(position) last from log.event where tenant = $1 and type = 'investigation.FactsCaptured'",
                tenant,
            )
        return (found and found["last"]) or 0

    async def knows_lot(self, tenant: str, lot: str, until: int) -> bool:
        """Whether any row known at that log position, corrected since or not, is of this lot or says it went in."""
        with reading():
            [row] = await self._reader.fetch(_KNOWS_LOT, tenant, lot, until)
        return bool(row["known"])

    async def corrections(self, tenant: str, facts: Collection[FactId]) -> Mapping[FactId, EvidenceRef]:
        """Which of these facts have been superseded, each with what took its place."""
        asked = sorted(facts)
        with reading():
            rows = await self._reader.fetch(
                _CORRECTIONS, tenant, [batch for batch, _ in asked], [row for _, row in asked]
            )
        return {
            (r["batch_id"], r["row"]): EvidenceRef(
                kind="fact", tenant=tenant, sha256=r["new_sha256"].hex(), batch=r["new_batch"], row=r["new_row"]
            )
            for r in rows
        }

    async def names(self, tenant: str, field: str, until: int) -> set[str]:
        """Every value that any row known at that log position gave this field (supplier, customer, carrier …)."""
        with reading():
            rows = await self._reader.fetch(
                "select distinct convert_from(r.record, 'UTF8')::jsonb ->> $2 named from facts.row r"
                f" {_ANCHORED.format(e='a', r='r')}"
                " where r.tenant = $1 and r.kind in ('supplier_receipt', 'shipment') and a.position <= $3",
                tenant,
                field,
                until,
            )
        return {row["named"] for row in rows if row["named"]}

    async def known(self, tenant: str, facts: Collection[FactId]) -> Mapping[FactId, str]:
        """The SHA-256 of each of these facts that is anchored, current or not; absent where there is no such fact."""
        return {which: fact.sha256 for which, fact in (await self.records(tenant, facts)).items()}

    async def records(self, tenant: str, facts: Collection[FactId]) -> Mapping[FactId, FactRecord]:
        """Each of these facts that is anchored, current or not; absent where there is no such fact."""
        asked = sorted(facts)
        with reading():
            rows = await self._reader.fetch(
                "select r.batch_id, r.row, r.kind, r.record, r.sha256, a.position"
                " from unnest($2::uuid[], $3::integer[]) f(batch_id, row)"
                " join facts.row r on r.tenant = $1 and r.batch_id = f.batch_id and r.row = f.row"
                f" {_ANCHORED.format(e='a', r='r')}",
                tenant,
                [batch for batch, _ in asked],
                [row for _, row in asked],
            )
        return {(row["batch_id"], row["row"]): _fact(tenant, row) for row in rows}

    async def there(self, tenant: str, facts: Sequence[EvidenceRef]) -> Collection[EvidenceRef]:
        """Those of the citations whose fact is anchored and has that very sum."""
        sums = await self.known(tenant, {(ref.batch, ref.row) for ref in facts if ref.batch and ref.row is not None})
        return {ref for ref in facts if ref.batch and sums.get((ref.batch, ref.row or 0)) == ref.sha256}

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


def _fact(tenant: str, row: Mapping[str, Any]) -> FactRecord:
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
