"""Who has to do what by when?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.capa.domain.capa.state import ActionStatus
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
        rows.put(_planned(event, row))
    elif row is not None:
        rows.put(row | _changes(event))


def _planned(event: ActionPlanned, before: Row | None) -> Row:
    return {
        "capa_id": event.capa_id,
        "action_no": event.action_no,
        "kind": event.kind,
        "title": event.title,
        "owner": event.owner,
        "department": event.department,
        "due_date": event.due_date,
        "first_due_date": before["first_due_date"] if before else event.due_date,
        "criterion": event.criterion,
        "root_cause_id": event.root_cause_id,
        "complaint_id": event.complaint_id,
        "risk": event.risk,
        "status": "planned",
        "completed_on": None,
        "made_from": None,
    }


def _changes(event: Event) -> Row:  # noqa: PLR0911 - one case an event
    match event:
        case ActionApproved():
            return {"status": "approved"}
        case ActionReturned():
            return {"status": "returned"}
        case ActionStarted():
            return {"status": "started"}
        case ActionCompleted():
            return {"status": "completed", "completed_on": event.completed_on, "made_from": event.cut_in.made_from}
        case ActionVerified(met_criterion=True):
            return {"status": "verified"}
        case ActionVerified():
            return {"status": "started", "completed_on": None, "made_from": None}
        case ActionDueDateChanged():
            return {"due_date": event.due_date}
        case _:
            return {"status": "cancelled"}


MODEL = ReadModel(
    name="action_list",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("action_no", "integer", nullable=False),
        Column("kind", "text", nullable=False),
        Column("title", "text", nullable=False),
        Column("owner", "text", nullable=False),
        Column("department", "text", nullable=False),
        Column("due_date", "date", nullable=False),
        Column("first_due_date", "date", nullable=False),
        Column("criterion", "text", nullable=False),
        Column("root_cause_id", "uuid"),
        Column("complaint_id", "uuid"),
        Column("risk", "text"),
        Column("status", "text", nullable=False),
        Column("completed_on", "date"),
        Column("made_from", "date"),
    ),
    key=("capa_id", "action_no"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, owner, due_date)", "(tenant, due_date, capa_id, action_no)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """None doesn't filter. `open_only`: neither verified nor cancelled. `due_by`: due on that day or before."""

    owner: str | None = None
    department: str | None = None
    status: ActionStatus | None = None
    capa_id: UUID | None = None
    due_by: date | None = None
    open_only: bool = False


_QUERY = """
select a.*, c.capa_no
from read.action_list a
left join read.capa_list c on c.tenant = a.tenant and c.capa_id = a.capa_id
where a.tenant = $1
  and ($2::text is null or a.owner = $2)
  and ($3::text is null or a.department = $3)
  and ($4::text is null or a.status = $4)
  and ($5::uuid is null or a.capa_id = $5)
  and ($6::date is null or a.due_date <= $6)
  and (not $7 or a.status not in ('verified', 'cancelled'))
  and ($8::date is null or (a.due_date, a.capa_id, a.action_no) {than} ($8, $9::uuid, $10::integer))
order by a.due_date {way}, a.capa_id {way}, a.action_no {way}
limit $11
"""


async def actions(
    reader: Reader,
    tenant: str,
    asked: ActionFilter,
    *,
    sort: Literal["due_date", "-due_date"] = "due_date",
    after: tuple[date, UUID, int] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of actions by due date; `after` is (due_date, capa_id, action_no) of the last one."""
    than, way = ("<", "desc") if sort.startswith("-") else (">", "asc")
    return await reader.fetch(
        _QUERY.format(than=than, way=way),
        tenant,
        asked.owner,
        asked.department,
        asked.status,
        asked.capa_id,
        asked.due_by,
        asked.open_only,
        *(after if after is not None else (None, None, None)),
        limit,
    )
