"""Which complaints are there, where do they stand, and what is due next?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.intake.domain.complaint import correction
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
            rows.put(row | _changes(row, event))


def _registered(event: ComplaintRegistered) -> Row:
    """The customer's name stays sealed here."""
    return {
        "complaint_id": event.complaint_id,
        "complaint_no": event.complaint_no,
        "status": "registered",
        "channel": event.channel,
        "severity": None,
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
            return {"status": "acknowledged"} if row["status"] == "registered" else {}
        case ComplaintTriaged(answer=answer):
            moved = {"status": "triaged"} if row["status"] in ("registered", "acknowledged") else {}
            return {"severity": answer.severity, "scope": answer.scope, "priority": answer.priority, **moved}
        case ComplaintHandedOver(investigation_id=investigation_id):
            return {"status": "handed_over", "investigation_id": investigation_id}
        case InvestigationOutcomeRecorded(outcome=outcome):
            return {"outcome": outcome} | ({"status": "outcome_known"} if row["status"] == "handed_over" else {})
        case ResolutionOffered():
            return {"status": "resolution_offered"}
        case ResolutionAccepted():
            return {"status": "resolved"}
        case ResolutionRejected():
            return {"status": "outcome_known"}
        case ComplaintClosed(closed_at=closed_at):
            return {"status": "closed", "closed_at": closed_at}
        case ComplaintReopened():
            return {"status": "outcome_known", "closed_at": None}
        case _:
            return {}


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
        Column("channel", "text", nullable=False),
        Column("severity", "text"),
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
    indexes=("(tenant, received_at, complaint_id)", "(tenant, complaint_no)"),
)

Sort = Literal["received_at", "-received_at", "complaint_no", "-complaint_no"]
_COLUMN = {"received_at": ("received_at", "timestamptz"), "complaint_no": ("complaint_no", "text")}


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
select c.complaint_id, c.complaint_no, c.status, c.channel, c.severity, c.scope, c.priority, c.customer_name,
    c.account, c.region, c.received_at, c.closed_at, c.investigation_id, c.outcome, c.products, c.lots,
    c.defect_codes, next.clock next_clock, next.due_at next_due_at
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
  and ($15::{type} is null or (c.{column}, c.complaint_id) {than} ($15, $16::uuid))
order by c.{column} {way}, c.complaint_id {way}
limit $17
"""


async def complaints(
    reader: Reader,
    tenant: str,
    asked: ComplaintFilter,
    *,
    sort: Sort = "-received_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of complaints with what is due next; `after` is (sort value, complaint_id) of the last one."""
    column, kind = _COLUMN[sort.removeprefix("-")]
    than, way = ("<", "desc") if sort.startswith("-") else (">", "asc")
    value, last = after if after is not None else (None, None)
    return await reader.fetch(
        _QUERY.format(column=column, type=kind, than=than, way=way),
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
