"""When did each complaint take each of its steps? One row a complaint.

Intake's columns are written by intake's events alone, the investigation's by the investigation's: the row comes out the
same in whatever order the two logs are read, and stays partial (no `received_at`) until the registration has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from services.analytics.domain.slices import Slice
from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintClosed,
    ComplaintDetailsCorrected,
    ComplaintHandedOver,
    ComplaintRegistered,
    ComplaintReopened,
    ComplaintTriaged,
    CustomerResponseSent,
    InvestigationOutcomeRecorded,
    Promise,
    RemedyCompleted,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
)
from shared.contracts.investigation.investigation import ComplaintJoined, ComplaintLeft, ItemVerified
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

_CORRECTABLE: Mapping[str, tuple[str, Any]] = {
    "channel": ("channel", str),
    "received_at": ("received_at", datetime),
    "aware_at": ("aware_at", datetime),
    "customer.account": ("account", str | None),
    "customer.region": ("region", str | None),
}
"""Fields of the form that are kept here: their column and type."""

OF_INTAKE = (
    ComplaintRegistered
    | ComplaintDetailsCorrected
    | ComplaintAcknowledged
    | ComplaintTriaged
    | ComplaintHandedOver
    | CustomerResponseSent
    | InvestigationOutcomeRecorded
    | ResolutionOffered
    | ResolutionAccepted
    | ResolutionRejected
    | RemedyCompleted
    | ComplaintClosed
    | ComplaintReopened
)
OF_INVESTIGATION = ComplaintJoined | ComplaintLeft | ItemVerified


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, (OF_INTAKE, OF_INVESTIGATION)):
        yield (event.complaint_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event, at = recorded.event, recorded.meta.occurred_at
    for (complaint_id,) in _touches(recorded):
        row = rows.get(complaint_id) or dict.fromkeys(_NAMES) | {"complaint_id": complaint_id}
        row |= _told(row, event) | _steps(row, event, at) | _investigation(row, event, at)
        rows.put(row | {"status": status(row)})


def _told(row: Row, event: Event) -> Row:
    """What the registration form and the triage say."""
    match event:
        case ComplaintRegistered():
            return {
                "complaint_no": event.complaint_no,
                "channel": event.channel,
                "account": event.customer.account,
                "region": event.customer.region,
                "received_at": event.received_at,
                "aware_at": event.aware_at,
                "promised_at": _final_answer(event.promises),
                "closures": 0,
                "reopenings": 0,
            }
        case ComplaintDetailsCorrected() if event.field in _CORRECTABLE and event.new is not None:
            column, kind = _CORRECTABLE[event.field]
            return {column: msgspec.json.decode(event.new, type=kind)}
        case ComplaintTriaged():
            promised = row["promised_at"] or _final_answer(event.promises)
            answer = event.answer
            return {"severity": answer.severity, "scope": answer.scope, "promised_at": promised}
        case _:
            return {}


def _steps(row: Row, event: Event, at: datetime) -> Row:  # noqa: C901, PLR0911 - one case an event
    """When each of the customer's steps was first taken, and the last closure."""
    match event:
        case ComplaintAcknowledged():
            person = {} if event.automatic else _earliest(row, "first_response_at", event.acknowledged_at)
            return _earliest(row, "acknowledged_at", event.acknowledged_at) | person
        case CustomerResponseSent() if not event.automatic:
            return _earliest(row, "first_response_at", event.sent_at)
        case ComplaintTriaged():
            return _earliest(row, "triaged_at", at)
        case ComplaintHandedOver():
            return _earliest(row, "handed_over_at", at)
        case InvestigationOutcomeRecorded():
            return _earliest(row, "outcome_at", at)
        case ResolutionOffered():
            return _earliest(row, "offered_at", at) | {"offer": "open"}
        case ResolutionAccepted():
            return _earliest(row, "accepted_at", at) | {"offer": "accepted"}
        case ResolutionRejected():
            return {"offer": "rejected"}
        case RemedyCompleted():
            return _earliest(row, "remedied_at", event.completed_at)
        case ComplaintClosed():
            return {"closed_at": event.closed_at, "closures": row["closures"] + 1}
        case ComplaintReopened():
            return {"closed_at": None, "reopenings": row["reopenings"] + 1, "offer": None}
        case _:
            return {}


def _investigation(row: Row, event: Event, at: datetime) -> Row:
    match event:
        case ComplaintJoined():
            return {"investigation_id": event.investigation_id}
        case ComplaintLeft() if row["investigation_id"] == event.investigation_id:
            return {"investigation_id": None}
        case ItemVerified():
            return _earliest(row, "verified_at", at)
        case _:
            return {}


def _earliest(row: Row, column: str, at: datetime) -> Row:
    return {column: at if row[column] is None else min(row[column], at)}


def _final_answer(promises: tuple[Promise, ...]) -> datetime | None:
    return next((promise.due_at for promise in promises if promise.clock == "final_answer"), None)


def status(row: Mapping[str, Any]) -> str:
    """The furthest step taken, by intake's columns alone; a rejected offer or a reopening takes it back."""
    if row["closed_at"] is not None:
        return "closed"
    if row["offer"] in ("accepted", "open"):
        return "resolved" if row["offer"] == "accepted" else "resolution_offered"
    taken = ("outcome_at", "handed_over_at", "triaged_at", "acknowledged_at")
    names = ("outcome_known", "handed_over", "triaged", "acknowledged")
    steps = zip(taken, names, strict=True)
    return next((name for column, name in steps if row[column] is not None), "registered")


_COLUMNS = (
    Column("complaint_id", "uuid", nullable=False),
    Column("complaint_no", "text"),
    Column("status", "text", nullable=False),
    Column("channel", "text"),
    Column("severity", "text"),
    Column("scope", "text"),
    Column("account", "text"),
    Column("region", "text"),
    Column("offer", "text"),
    Column("received_at", "timestamptz"),
    Column("aware_at", "timestamptz"),
    Column("promised_at", "timestamptz"),
    Column("acknowledged_at", "timestamptz"),
    Column("first_response_at", "timestamptz"),
    Column("triaged_at", "timestamptz"),
    Column("handed_over_at", "timestamptz"),
    Column("outcome_at", "timestamptz"),
    Column("offered_at", "timestamptz"),
    Column("accepted_at", "timestamptz"),
    Column("remedied_at", "timestamptz"),
    Column("closed_at", "timestamptz"),
    Column("closures", "integer"),
    Column("reopenings", "integer"),
    Column("investigation_id", "uuid"),
    Column("verified_at", "timestamptz"),
)
_NAMES = tuple(column.name for column in _COLUMNS)

MODEL = ReadModel(
    name="case_facts",
    sources=frozenset({"intake", "investigation"}),
    columns=_COLUMNS,
    key=("complaint_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, received_at)", "(tenant, promised_at)"),
)

_QUERY = """
select c.* from read.case_facts c
where c.tenant = $1 and c.received_at is not null
  and ($2::timestamptz is null or c.{moment} >= $2) and ($3::timestamptz is null or c.{moment} < $3)
  and ($4::text is null or exists (
    select from read.item_facts i
    where i.tenant = c.tenant and i.complaint_id = c.complaint_id and coalesce(i.verified_product, i.product) = $4))
order by c.received_at, c.complaint_id
"""


async def case_rows(
    reader: Reader, tenant: str, asked: Slice, moment: Literal["received_at", "promised_at"]
) -> Sequence[Mapping[str, Any]]:
    """Registered complaints of the slice, by when they were received or by when they were due."""
    return await reader.fetch(_QUERY.format(moment=moment), tenant, asked.since, asked.until, asked.product)
