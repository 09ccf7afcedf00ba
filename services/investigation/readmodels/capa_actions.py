"""What is being done about an investigation's causes? The actions of the CAPAs that answer them, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.investigation.domain.report.sources import ReportAction
from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import (
    ActionApproved,
    ActionCancelled,
    ActionCompleted,
    ActionDueDateChanged,
    ActionPlanned,
    ActionReturned,
    ActionStarted,
    ActionVerified,
)
from shared.contracts.event import Event
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

ActionEvent = (
    ActionPlanned
    | ActionApproved
    | ActionReturned
    | ActionStarted
    | ActionCompleted
    | ActionVerified
    | ActionCancelled
    | ActionDueDateChanged
)


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, ActionEvent):
        yield (event.capa_id, event.action_no)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if not isinstance(event, ActionEvent):
        return
    row = rows.get(event.capa_id, event.action_no)
    if isinstance(event, ActionPlanned):
        rows.put(_planned(event))
    elif row is not None:
        rows.put(row | _changes(event))


def _planned(event: ActionPlanned) -> Row:
    return {
        "capa_id": event.capa_id,
        "action_no": event.action_no,
        "kind": event.kind,
        "title": event.title,
        "department": event.department,
        "due_date": event.due_date,
        "status": "planned",
        "cut_in": None,
    }


def _changes(event: Event) -> Row:  # noqa: PLR0911 - one return an event
    match event:
        case ActionApproved():
            return {"status": "approved"}
        case ActionReturned():
            return {"status": "returned"}
        case ActionStarted():
            return {"status": "started"}
        case ActionCompleted():
            return {"status": "completed", "cut_in": f"{event.cut_in.kind} {event.cut_in.value}"}
        case ActionVerified():
            return {"status": "verified" if event.met_criterion else "not_met"}
        case ActionCancelled():
            return {"status": "cancelled"}
        case ActionDueDateChanged():
            return {"due_date": event.due_date}
        case _:
            return {}


MODEL = ReadModel(
    name="capa_actions",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("action_no", "integer", nullable=False),
        Column("kind", "text", nullable=False),
        Column("title", "text", nullable=False),
        Column("department", "text", nullable=False),
        Column("due_date", "date", nullable=False),
        Column("status", "text", nullable=False),
        Column("cut_in", "text"),
    ),
    key=("capa_id", "action_no"),
    touches=_touches,
    apply=_apply,
)

_QUERY = """
select a.*, min(c.capa_no) as capa_no
from read.capa_causes c
join read.capa_actions a on a.tenant = c.tenant and a.capa_id = c.capa_id
where c.tenant = $1 and c.investigation_id = $2 and a.status <> 'cancelled'
group by a.tenant, a.capa_id, a.action_no, a.kind, a.title, a.department, a.due_date, a.status, a.cut_in
order by min(c.capa_no) collate "C", a.action_no
"""


async def actions_of(reader: Reader, tenant: str, investigation_id: UUID) -> Sequence[ReportAction]:
    """The actions, cancelled ones left out, of every CAPA that answers this investigation's causes."""
    rows = await reader.fetch(_QUERY, tenant, investigation_id)
    return [_action(row, row["capa_no"]) for row in rows]


def actions_in(investigation_id: UUID, causes: Iterable[Row], actions: Iterable[Row]) -> Sequence[ReportAction]:
    """The same, of folded tables (capa_causes, capa_actions)."""
    numbers = {row["capa_id"]: row["capa_no"] for row in causes if row["investigation_id"] == investigation_id}
    found = [
        _action(row, numbers[row["capa_id"]])
        for row in actions
        if row["capa_id"] in numbers and row["status"] != "cancelled"
    ]
    return sorted(found, key=lambda action: (action.capa_no, action.action_no))


def _action(row: Mapping[str, Any], capa_no: str) -> ReportAction:
    return ReportAction(
        capa_no=capa_no,
        action_no=row["action_no"],
        kind=row["kind"],
        title=row["title"],
        department=row["department"],
        due_date=row["due_date"],
        status=row["status"],
        cut_in=row["cut_in"],
    )
