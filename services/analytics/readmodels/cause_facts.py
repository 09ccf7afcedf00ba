"""Which root causes were confirmed, and at which node? One row a root cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.analytics.domain.facts import CauseFact
from services.analytics.domain.slices import Slice
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.cause import RootCauseConfirmed, RootCauseWithdrawn
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, RootCauseConfirmed | RootCauseWithdrawn):
        yield (event.root_cause_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case RootCauseConfirmed() as event:
            rows.put(
                {
                    "root_cause_id": event.root_cause_id,
                    "investigation_id": event.investigation_id,
                    "statement": event.statement,
                    "node": event.node,
                    "leg": event.leg,
                    "category": event.category,
                    "products": list(event.products),
                    "defect_codes": list(event.defect_codes),
                    "confirmed_at": recorded.meta.occurred_at,
                }
            )
        case RootCauseWithdrawn() as event:
            rows.delete(event.root_cause_id)


MODEL = ReadModel(
    name="cause_facts",
    sources=frozenset({"investigation"}),
    columns=(
        Column("root_cause_id", "uuid", nullable=False),
        Column("investigation_id", "uuid", nullable=False),
        Column("statement", "text", nullable=False),
        Column("node", "text", nullable=False),
        Column("leg", "text", nullable=False),
        Column("category", "text", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("defect_codes", "text[]", nullable=False),
        Column("confirmed_at", "timestamptz", nullable=False),
    ),
    key=("root_cause_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, confirmed_at)",),
)

_QUERY = """
select * from read.cause_facts
where tenant = $1
  and ($2::timestamptz is null or confirmed_at >= $2) and ($3::timestamptz is null or confirmed_at < $3)
  and ($4::text is null or $4 = any (products))
order by confirmed_at, root_cause_id
"""


async def causes(reader: Reader, tenant: str, asked: Slice) -> list[CauseFact]:
    """Root causes confirmed in the slice, as they stand now."""
    return [cause(row) for row in await _rows(reader, tenant, asked)]


async def _rows(reader: Reader, tenant: str, asked: Slice) -> Sequence[Mapping[str, Any]]:
    return await reader.fetch(_QUERY, tenant, asked.since, asked.until, asked.product)


def cause(row: Mapping[str, Any]) -> CauseFact:
    return CauseFact(
        root_cause_id=row["root_cause_id"],
        investigation_id=row["investigation_id"],
        statement=row["statement"],
        node=row["node"],
        leg=row["leg"],
        category=row["category"],
        products=tuple(row["products"]),
        defect_codes=tuple(row["defect_codes"]),
        confirmed_at=row["confirmed_at"],
    )
