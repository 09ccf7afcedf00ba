"""Which investigations are there, about what, and how far?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.investigation.cause import RootCauseConfirmed, RootCauseWithdrawn
from shared.contracts.investigation.investigation import (
    ComplaintJoined,
    ComplaintLeft,
    InvestigationConcluded,
    InvestigationOpened,
    InvestigationReopened,
    ProblemStated,
)
from shared.contracts.words import InvestigationOutcome
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

Told = (
    ComplaintJoined
    | ComplaintLeft
    | InvestigationConcluded
    | InvestigationReopened
    | ProblemStated
    | RootCauseConfirmed
    | RootCauseWithdrawn
)


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, (InvestigationOpened, Told)):
        yield (event.investigation_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, InvestigationOpened):
        rows.put(_opened(event, recorded))
    elif isinstance(event, Told):
        row = rows.get(event.investigation_id)
        if row is not None:
            rows.put(row | _changes(row, event, recorded))


def _opened(event: InvestigationOpened, recorded: Recorded) -> Row:
    return {
        "investigation_id": event.investigation_id,
        "investigation_no": event.investigation_no,
        "flow": event.flow,
        "status": "open",
        "outcome": None,
        "problem": None,
        "joined": {},
        "complaints": 0,
        "products": [],
        "lots": [],
        "defect_codes": [],
        "root_causes": [],
        "opened_at": recorded.recorded_at,
        "concluded_at": None,
        "reopened": 0,
    }


def _changes(row: Row, event: Event, recorded: Recorded) -> Row:  # noqa: PLR0911 - one return an event
    match event:
        case ComplaintJoined():
            return _about(row["joined"] | {str(event.complaint_id): _summary(event)})
        case ComplaintLeft():
            return _about({one: s for one, s in row["joined"].items() if one != str(event.complaint_id)})
        case ProblemStated():
            return {"problem": event.statement}
        case InvestigationConcluded():
            return {"status": "concluded", "outcome": event.outcome, "concluded_at": recorded.recorded_at}
        case InvestigationReopened():
            return {"status": "open", "outcome": None, "concluded_at": None, "reopened": row["reopened"] + 1}
        case RootCauseConfirmed():
            return {"root_causes": [*row["root_causes"], str(event.root_cause_id)]}
        case RootCauseWithdrawn():
            return {"root_causes": [one for one in row["root_causes"] if one != str(event.root_cause_id)]}
        case _:
            return {}


def _summary(event: ComplaintJoined) -> dict[str, list[str]]:
    return {
        "products": sorted({item.product for item in event.items}),
        "lots": sorted({item.lot for item in event.items if item.lot}),
        "defect_codes": sorted({code for item in event.items for code in item.defect_codes}),
    }


def _about(joined: dict[str, dict[str, list[str]]]) -> Row:
    """What the investigation is about: all that the complaints in it are."""
    union = {
        name: sorted({value for summary in joined.values() for value in summary[name]})
        for name in ("products", "lots", "defect_codes")
    }
    return {"joined": joined, "complaints": len(joined), **union}


MODEL = ReadModel(
    name="investigation_list",
    sources=frozenset({"investigation"}),
    columns=(
        Column("investigation_id", "uuid", nullable=False),
        Column("investigation_no", "text", nullable=False),
        Column("flow", "text", nullable=False),
        Column("status", "text", nullable=False),
        Column("outcome", "text"),
        Column("problem", "text"),
        Column("joined", "jsonb", nullable=False),
        Column("complaints", "integer", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("lots", "text[]", nullable=False),
        Column("defect_codes", "text[]", nullable=False),
        Column("root_causes", "text[]", nullable=False),
        Column("opened_at", "timestamptz", nullable=False),
        Column("concluded_at", "timestamptz"),
        Column("reopened", "integer", nullable=False),
    ),
    key=("investigation_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, opened_at, investigation_id)", "(tenant, investigation_no)"),
)

Sort = Literal["opened_at", "-opened_at", "investigation_no", "-investigation_no"]
_COLUMN = {"opened_at": ("opened_at", "timestamptz"), "investigation_no": ("investigation_no", "text")}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationFilter:
    """None doesn't filter."""

    status: Literal["open", "concluded"] | None = None
    outcome: InvestigationOutcome | None = None
    product: str | None = None
    lot: str | None = None
    defect_code: str | None = None


_QUERY = """
select investigation_id id, investigation_no, flow, status, outcome, problem, complaints, products, lots, defect_codes,
       root_causes, opened_at, concluded_at, reopened
from read.investigation_list
where tenant = $1
  and ($2::text is null or status = $2)
  and ($3::text is null or outcome = $3)
  and ($4::text is null or $4 = any (products))
  and ($5::text is null or $5 = any (lots))
  and ($6::text is null or $6 = any (defect_codes))
  and ($7::{type} is null or ({column}, investigation_id) {than} ($7, $8::uuid))
order by {column} {way}, investigation_id {way}
limit $9
"""


async def investigations(
    reader: Reader,
    tenant: str,
    asked: InvestigationFilter,
    *,
    sort: Sort = "-opened_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of investigations; `after` is (sort value, id) of the last one."""
    column, kind = _COLUMN[sort.removeprefix("-")]
    than, way = ("<", "desc") if sort.startswith("-") else (">", "asc")
    value, last = after if after is not None else (None, None)
    return await reader.fetch(
        _QUERY.format(column=column, type=kind, than=than, way=way),
        tenant,
        asked.status,
        asked.outcome,
        asked.product,
        asked.lot,
        asked.defect_code,
        value,
        last,
        limit,
    )
