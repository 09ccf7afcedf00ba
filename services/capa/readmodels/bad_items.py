"""Which units were complained about, when were they made, and was it confirmed? The numerator of effectiveness.

What a complaint says (product, quantity, defects, production date) comes from intake; what verification found comes
from the investigation. Each fills its own columns, so the order in which the two logs are read makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from services.capa.domain.effectiveness import BadItem, Standing
from shared.adapters.postgres.reader import Reader
from shared.contracts.intake.complaint import ComplaintDetailsCorrected, ComplaintItem, ComplaintRegistered
from shared.contracts.investigation.investigation import ItemVerified
from shared.kernel.corrections import item_correction
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

CLAIMED = {
    "product": "claimed_product",
    "quantity_affected": "claimed_quantity",
    "defect_codes": "claimed_defects",
    "production_date": "production_date",
    "lot": "claimed_lot",
}
"""Fields of a complaint's item that are kept, and their columns."""


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    match event:
        case ComplaintRegistered():
            return [(event.complaint_id, item.item_no) for item in event.items]
        case ComplaintDetailsCorrected():
            correction = item_correction(event)
            return [] if correction is None else [(event.complaint_id, correction.item_no)]
        case ItemVerified():
            return [(event.complaint_id, event.item_no)]
        case _:
            return []


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    keys = list(_touches(recorded))
    changes: list[Row] = []
    match event:
        case ComplaintRegistered():
            about = {"complaint_no": event.complaint_no, "received_at": event.received_at}
            changes = [_claimed(item) | about for item in event.items]
        case ComplaintDetailsCorrected():
            changes = [_corrected(event)] * len(keys)
        case ItemVerified():
            changes = [_verified(event)]
    for key, change in zip(keys, changes, strict=True):
        complaint_id, item_no = key
        rows.put((rows.get(*key) or _unknown(complaint_id, item_no)) | change)


def _unknown(complaint_id: object, item_no: int) -> Row:
    return dict.fromkeys(column.name for column in MODEL.columns) | {"complaint_id": complaint_id, "item_no": item_no}


def _claimed(item: ComplaintItem) -> Row:
    return {column: _plain(getattr(item, field)) for field, column in CLAIMED.items()}


def _corrected(event: ComplaintDetailsCorrected) -> Row:
    correction = item_correction(event)
    if correction is None or correction.field not in CLAIMED:
        return {}
    return {CLAIMED[correction.field]: _plain(correction.value)}


def _verified(event: ItemVerified) -> Row:
    return {
        "outcome": event.outcome,
        "verified_product": event.product,
        "verified_quantity": event.quantity,
        "verified_defects": list(event.defect_codes),
        "verified_lot": event.lot,
        "recorded_date": event.production_date,
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


MODEL = ReadModel(
    name="bad_items",
    sources=frozenset({"intake", "investigation"}),
    columns=(
        Column("complaint_id", "uuid", nullable=False),
        Column("item_no", "integer", nullable=False),
        Column("complaint_no", "text"),
        Column("claimed_product", "text"),
        Column("claimed_quantity", "numeric"),
        Column("claimed_defects", "text[]"),
        Column("claimed_lot", "text"),
        Column("production_date", "date"),
        Column("recorded_date", "date"),
        Column("received_at", "timestamptz"),
        Column("outcome", "text"),
        Column("verified_product", "text"),
        Column("verified_quantity", "numeric"),
        Column("verified_defects", "text[]"),
        Column("verified_lot", "text"),
    ),
    key=("complaint_id", "item_no"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, (coalesce(verified_product, claimed_product)))",),
)

_QUERY = """
select * from read.bad_items
where tenant = $1 and coalesce(verified_product, claimed_product) = any ($2::text[])
"""


async def bad_items(reader: Reader, tenant: str, products: tuple[str, ...]) -> list[BadItem]:
    return [bad_item(row) for row in await reader.fetch(_QUERY, tenant, list(products))]


def bad_item(row: Mapping[str, Any]) -> BadItem:
    """What is known of the item by now: verification's word before the claim's."""
    verified = row["outcome"] is not None
    which = "verified" if verified else "claimed"
    return BadItem(
        product=row[f"{which}_product"],
        quantity=row[f"{which}_quantity"],
        defect_codes=tuple(row[f"{which}_defects"]),
        standing=_standing(row["outcome"]),
        production_date=row["recorded_date"] or row["production_date"],
        received_on=None if row["received_at"] is None else latest_day(row["received_at"]),
    )


def latest_day(moment: datetime) -> date:
    """The day that it was in the easternmost zone: wherever the plant is, no later day."""
    return (moment + timedelta(hours=14)).date()


def _standing(outcome: str | None) -> Standing:
    if outcome is None:
        return "pending"
    return "confirmed" if outcome == "confirmed" else "cleared"
