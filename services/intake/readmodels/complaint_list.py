"""Which complaints are there, where do they stand, and what is due next?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.intake.domain.complaint import correction
from services.intake.domain.complaint.status import status
from services.intake.domain.reference.decider import SEVERITIES
from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintClosed,
    ComplaintDetailsCorrected,
    ComplaintHandedOver,
    ComplaintItem,
    ComplaintRegistered,
    ComplaintReopened,
    ComplaintTriaged,
    InvestigationOutcomeRecorded,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
)
from shared.contracts.words import ComplaintStatus
from shared.kernel.corrections import item_correction
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

STREAM = "complaint-"


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    if recorded.meta.stream.startswith(STREAM):
        yield (UUID(recorded.meta.stream.removeprefix(STREAM)),)


def _apply(rows: Rows, recorded: Recorded) -> None:
    for key in _touches(recorded):
        event = recorded.event
        if isinstance(event, ComplaintRegistered):
            rows.put(_registered(event))
        elif row := rows.get(*key):
            changed = row | _changes(row, event)
            rows.put(changed | {"status": _status(changed)})


def _registered(event: ComplaintRegistered) -> Row:
    """The customer's name stays sealed here."""
    return {
        "complaint_id": event.complaint_id,
        "complaint_no": event.complaint_no,
        "status": "registered",
        "acknowledged": False,
        "offer": "none",
        "channel": event.channel,
        "severity": None,
        "severity_rank": 0,
        "scope": None,
        "priority": None,
        "customer_name": event.customer.name,
        "account": event.customer.account,
        "region": event.customer.region,
        "received_at": event.received_at,
        "closed_at": None,
        "investigation_id": None,
        "outcome": None,
        "items": [_item(item) for item in event.items],
        **_item_columns([_item(item) for item in event.items]),
    }


def _item(item: ComplaintItem) -> dict[str, Any]:
    return {"product": item.product, "lot": item.lot, "defect_codes": list(item.defect_codes)}


def _item_columns(items: Sequence[Mapping[str, Any]]) -> Row:
    """What is filtered on: each value once, in order of first mention."""
    return {
        "products": list(dict.fromkeys(item["product"] for item in items)),
        "lots": list(dict.fromkeys(item["lot"] for item in items if item["lot"])),
        "defect_codes": list(dict.fromkeys(code for item in items for code in item["defect_codes"])),
    }


def _changes(row: Row, event: Event) -> Row:  # noqa: C901, PLR0911 - one case an event
    match event:
        case ComplaintDetailsCorrected():
            return _corrected(row, event)
        case ComplaintAcknowledged():
            return {"acknowledged": True}
        case ComplaintTriaged(answer=answer):
            rank = SEVERITIES.index(answer.severity) + 1
            judged = {"severity": answer.severity, "severity_rank": rank}
            return judged | {"scope": answer.scope, "priority": answer.priority}
        case ComplaintHandedOver(investigation_id=investigation_id):
            return {"investigation_id": investigation_id}
        case InvestigationOutcomeRecorded(outcome=outcome):
            return {"outcome": outcome}
        case ResolutionOffered():
            return {"offer": "open"}
        case ResolutionAccepted():
            return {"offer": "accepted"}
        case ResolutionRejected():
            return {"offer": "rejected"}
        case ComplaintClosed(closed_at=closed_at):
            return {"closed_at": closed_at}
        case ComplaintReopened():
            return {"closed_at": None, "offer": "none"}
        case _:
            return {}


def _status(row: Row) -> ComplaintStatus:
    return status(
        acknowledged=row["acknowledged"],
        triaged=row["severity"] is not None,
        handed_over=row["investigation_id"] is not None,
        outcome_known=row["outcome"] is not None,
        offer=row["offer"],
        closed=row["closed_at"] is not None,
    )


def _corrected(row: Row, event: ComplaintDetailsCorrected) -> Row:
    header = {"customer.name": "customer_name", "customer.account": "account", "customer.region": "region"}
    if event.field in header:
        is_name = correction.is_personal(event.field)
        return {header[event.field]: event.new_personal if is_name else correction.plain_text(event)}
    found = item_correction(event)
    if found is None or found.field not in ("product", "lot", "defect_codes"):
        return {}
    value = list(found.value) if isinstance(found.value, tuple) else found.value
    items = [
        item | {found.field: value} if number == found.item_no else item
        for number, item in enumerate(row["items"], start=1)
    ]
    return {"items": items, **_item_columns(items)}


MODEL = ReadModel(
    name="complaint_list",
    sources=frozenset({"intake"}),
    columns=(
        Column("complaint_id", "uuid", nullable=False),
        Column("complaint_no", "text", nullable=False),
        Column("status", "text", nullable=False),
        Column("acknowledged", "boolean", nullable=False),
        Column("offer", "text", nullable=False),
        Column("channel", "text", nullable=False),
        Column("severity", "text"),
        Column("severity_rank", "integer", nullable=False),
        Column("scope", "text"),
        Column("priority", "text"),
        Column("customer_name", "text"),
        Column("account", "text"),
        Column("region", "text"),
        Column("received_at", "timestamptz", nullable=False),
        Column("closed_at", "timestamptz"),
        Column("investigation_id", "uuid"),
        Column("outcome", "text"),
        Column("items", "jsonb", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("lots", "text[]", nullable=False),
        Column("defect_codes", "text[]", nullable=False),
    ),
    key=("complaint_id",),
    touches=_touches,
    apply=_apply,
    indexes=(
        "(tenant, received_at, complaint_id)",
        "(tenant, complaint_no)",
        "(tenant, severity_rank, complaint_id)",
    ),
)

Sort = Literal[
    "received_at", "-received_at", "complaint_no", "-complaint_no", "severity", "-severity", "due_at", "-due_at"
]
_BY = {
    "received_at": ("c.received_at", "timestamptz"),
    "complaint_no": ("c.complaint_no", "text"),
    "severity": ("c.severity_rank", "integer"),
    "due_at": ("coalesce(next.due_at, '9999-12-31T00:00:00Z')", "timestamptz"),
}
"""What each order compares, never null: untriaged is below minor, nothing due is after everything that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFilter:
    """None doesn't filter. `overdue` at the moment `now`."""

    now: datetime
    status: str | None = None
    severity: str | None = None
    channel: str | None = None
    product: str | None = None
    lot: str | None = None
    defect_code: str | None = None
    account: str | None = None
    region: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    overdue: bool | None = None
    complaint_no: str | None = None


_QUERY = """
select c.complaint_id id, c.complaint_no, c.status, c.channel, c.severity, c.scope, c.priority, c.customer_name,
    c.account, c.region, c.received_at, c.closed_at, c.investigation_id, c.outcome, c.products, c.lots,
    c.defect_codes, next.clock next_clock, next.due_at next_due_at, ({by})::text sort_value
from read.complaint_list c
left join lateral (
    select d.timer clock, d.due_at from read.due_times d
    where d.tenant = c.tenant and d.id = c.complaint_id::text order by d.due_at, d.timer limit 1
) next on true
where c.tenant = $1
  and ($2::text is null or c.status = $2)
  and ($3::text is null or c.severity = $3)
  and ($4::text is null or c.channel = $4)
  and ($5::text is null or $5 = any (c.products))
  and ($6::text is null or $6 = any (c.lots))
  and ($7::text is null or $7 = any (c.defect_codes))
  and ($8::text is null or c.account = $8)
  and ($9::text is null or c.region = $9)
  and ($10::timestamptz is null or c.received_at >= $10)
  and ($11::timestamptz is null or c.received_at < $11)
  and ($12::boolean is null or $12 = coalesce(next.due_at < $13, false))
  and ($14::text is null or c.complaint_no = $14)
  and ($15::text is null or ({by}, c.complaint_id) {than} ($15::{type}, $16::uuid))
order by {by} {way}, c.complaint_id {way}
limit $17
"""


async def complaints(
    reader: Reader,
    tenant: str,
    asked: ComplaintFilter,
    *,
    sort: Sort = "-received_at",
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of complaints with what is due next; `after` is (`sort_value`, `id`) of the last one."""
    by, kind = _BY[sort.removeprefix("-")]
    than, way = ("<", "desc") if sort.startswith("-") else (">", "asc")
    value, last = after if after is not None else (None, None)
    return await reader.fetch(
        _QUERY.format(by=by, type=kind, than=than, way=way),
        tenant,
        asked.status,
        asked.severity,
        asked.channel,
        asked.product,
        asked.lot,
        asked.defect_code,
        asked.account,
        asked.region,
        asked.received_from,
        asked.received_to,
        asked.overdue,
        asked.now,
        asked.complaint_no,
        value,
        last,
        limit,
    )
