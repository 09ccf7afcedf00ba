"""Which CAPAs are there, where do they stand, and what is due next?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import (
    ActionCancelled,
    ActionPlanned,
    ActionVerified,
    CapaClosed,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    CauseReleased,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
    RecurrenceReviewed,
    RecurrenceSuspected,
)
from shared.contracts.event import Event
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    yield (recorded.event.capa_id,)  # type: ignore[attr-defined]  # every event of this log is a CAPA's


def _apply(rows: Rows, recorded: Recorded) -> None:
    event, at = recorded.event, recorded.meta.occurred_at
    if isinstance(event, CapaOpened):
        rows.put(_opened(event, at))
        return
    (key,) = _touches(recorded)
    row = rows.get(*key)
    if row is not None:
        rows.put(row | _changes(row, event, at) | _effectiveness(event))


def _opened(event: CapaOpened, at: datetime) -> Row:
    return {
        "capa_id": event.capa_id,
        "capa_no": event.capa_no,
        "title": event.title,
        "status": "open",
        "investigations": [str(event.investigation_id)],
        "root_causes": [],
        "products": [],
        "defect_codes": [],
        "actions": 0,
        "actions_open": 0,
        "effectiveness": "none",
        "opened_at": at,
        "closed_at": None,
        "reopened": 0,
        "recurrences_suspected": 0,
    }


def _changes(row: Row, event: Event, at: datetime) -> Row:  # noqa: PLR0911 - one case an event
    match event:
        case CauseAddressed():
            return {
                "investigations": _with(row["investigations"], str(event.investigation_id)),
                "root_causes": _with(row["root_causes"], str(event.root_cause_id)),
                "products": _with(row["products"], *event.products),
                "defect_codes": _with(row["defect_codes"], *event.defect_codes),
            }
        case CauseReleased():
            return {"root_causes": [one for one in row["root_causes"] if one != str(event.root_cause_id)]}
        case ActionPlanned() if event.action_no > row["actions"]:  # not one planned anew
            return {"actions": event.action_no, "actions_open": row["actions_open"] + 1}
        case ActionCancelled() | ActionVerified(met_criterion=True):
            return {"actions_open": row["actions_open"] - 1}
        case CapaClosed():
            return {"status": "closed", "closed_at": at}
        case CapaReopened():
            return {"status": "open", "closed_at": None, "reopened": row["reopened"] + 1, "effectiveness": "none"}
        case RecurrenceSuspected():
            return {"recurrences_suspected": row["recurrences_suspected"] + 1}
        case RecurrenceReviewed():
            return {"recurrences_suspected": row["recurrences_suspected"] - 1}
        case _:
            return {}


def _effectiveness(event: Event) -> Row:
    match event:
        case EffectivenessCheckPlanned():
            return {"effectiveness": "planned"}
        case EffectivenessMeasured():
            return {"effectiveness": "measured"}
        case EffectivenessConfirmed():
            return {"effectiveness": "confirmed"}
        case EffectivenessFailed():
            return {"effectiveness": "failed"}
        case RecurrenceReviewed(verdict="same_cause"):
            return {"effectiveness": "none"}
        case _:
            return {}


def _with(have: list[str], *more: str) -> list[str]:
    return have + [one for one in dict.fromkeys(more) if one not in have]


MODEL = ReadModel(
    name="capa_list",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("capa_no", "text", nullable=False),
        Column("title", "text", nullable=False),
        Column("status", "text", nullable=False),
        Column("investigations", "text[]", nullable=False),
        Column("root_causes", "text[]", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("defect_codes", "text[]", nullable=False),
        Column("actions", "integer", nullable=False),
        Column("actions_open", "integer", nullable=False),
        Column("effectiveness", "text", nullable=False),
        Column("opened_at", "timestamptz", nullable=False),
        Column("closed_at", "timestamptz"),
        Column("reopened", "integer", nullable=False),
        Column("recurrences_suspected", "integer", nullable=False),
    ),
    key=("capa_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, opened_at, capa_id)", "(tenant, capa_no)"),
)

Sort = Literal["opened_at", "-opened_at", "capa_no", "-capa_no"]
_COLUMN = {"opened_at": ("opened_at", "timestamptz"), "capa_no": ("capa_no", "text")}


@dataclass(frozen=True, slots=True, kw_only=True)
class CapaFilter:
    """None doesn't filter."""

    status: Literal["open", "closed"] | None = None
    effectiveness: str | None = None
    investigation_id: UUID | None = None
    product: str | None = None
    defect_code: str | None = None
    recurrence_suspected: bool | None = None


_QUERY = """
select c.capa_id id, c.capa_no, c.title, c.status, c.investigations, c.root_causes, c.products, c.defect_codes,
       c.actions, c.actions_open, c.effectiveness, c.opened_at, c.closed_at, c.reopened,
       c.recurrences_suspected, next.due as next_due
from read.capa_list c
left join lateral (
    select min(a.due_date) as due from read.action_list a
    where a.tenant = c.tenant and a.capa_id = c.capa_id and a.status not in ('verified', 'cancelled')
) next on true
where c.tenant = $1
  and ($2::text is null or c.status = $2)
  and ($3::text is null or c.effectiveness = $3)
  and ($4::text is null or $4 = any (c.investigations))
  and ($5::text is null or $5 = any (c.products))
  and ($6::text is null or $6 = any (c.defect_codes))
  and ($7::boolean is null or $7 = (c.recurrences_suspected > 0))
  and ($8::{type} is null or (c.{column}, c.capa_id) {than} ($8, $9::uuid))
order by c.{column} {way}, c.capa_id {way}
limit $10
"""


async def capas(
    reader: Reader,
    tenant: str,
    asked: CapaFilter,
    *,
    sort: Sort = "-opened_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of CAPAs with the date that their next action is due; `after` is (sort value, id) of the last one."""
    column, kind = _COLUMN[sort.removeprefix("-")]
    than, way = ("<", "desc") if sort.startswith("-") else (">", "asc")
    investigation = None if asked.investigation_id is None else str(asked.investigation_id)
    value, last = after if after is not None else (None, None)
    return await reader.fetch(
        _QUERY.format(column=column, type=kind, than=than, way=way),
        tenant,
        asked.status,
        asked.effectiveness,
        investigation,
        asked.product,
        asked.defect_code,
        asked.recurrence_suspected,
        value,
        last,
        limit,
    )
