"""Which CAPAs are open, and how far is the proof that they help?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.analytics.domain.facts import CapaFact
from services.analytics.domain.slices import Slice
from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import (
    CapaClosed,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
)
from shared.contracts.event import Event
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

EFFECTIVENESS: Mapping[type[Event], str] = {
    EffectivenessCheckPlanned: "planned",
    EffectivenessMeasured: "measured",
    EffectivenessConfirmed: "confirmed",
    EffectivenessFailed: "failed",
    CapaReopened: "none",
}


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, CapaOpened | CauseAddressed | CapaClosed) or type(event) in EFFECTIVENESS:
        yield (event.capa_id,)  # type: ignore[attr-defined]  # each of them has it


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    for (capa_id,) in _touches(recorded):
        row = rows.get(capa_id)
        if isinstance(event, CapaOpened):
            rows.put(
                {
                    "capa_id": capa_id,
                    "capa_no": event.capa_no,
                    "opened_at": recorded.meta.occurred_at,
                    "products": [],
                    "effectiveness": "none",
                    "closed_at": None,
                }
            )
        elif row is not None:
            rows.put(row | _changes(row, recorded))


def _changes(row: Row, recorded: Recorded) -> Row:
    event = recorded.event
    match event:
        case CauseAddressed():
            return {"products": list(dict.fromkeys((*row["products"], *event.products)))}
        case CapaClosed():
            return {"closed_at": recorded.meta.occurred_at}
        case CapaReopened():
            return {"closed_at": None, "effectiveness": "none"}
        case _:
            return {"effectiveness": EFFECTIVENESS[type(event)]}


MODEL = ReadModel(
    name="capa_facts",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("capa_no", "text", nullable=False),
        Column("opened_at", "timestamptz", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("effectiveness", "text", nullable=False),
        Column("closed_at", "timestamptz"),
    ),
    key=("capa_id",),
    touches=_touches,
    apply=_apply,
)

_QUERY = """
select * from read.capa_facts
where tenant = $1
  and ($2::timestamptz is null or opened_at >= $2) and ($3::timestamptz is null or opened_at < $3)
  and ($4::text is null or $4 = any (products))
order by opened_at, capa_id
"""


async def capas(reader: Reader, tenant: str, asked: Slice) -> list[CapaFact]:
    """CAPAs opened in the slice, by the products of the causes that they addressed."""
    rows = await reader.fetch(_QUERY, tenant, asked.since, asked.until, asked.product)
    return [capa(row) for row in rows]


def capa(row: Mapping[str, Any]) -> CapaFact:
    told = {column.name: row[column.name] for column in MODEL.columns}
    return CapaFact(**(told | {"products": tuple(row["products"])}))
