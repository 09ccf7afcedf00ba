"""What was complained about, and what did verification find? One row an item; each source fills its own columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.analytics.domain.facts import Item
from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintDetailsCorrected, ComplaintRegistered
from shared.contracts.investigation.investigation import ItemVerified
from shared.kernel.corrections import item_correction
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

CLAIMED = ("product", "quantity_affected", "defect_codes", "lot", "production_date")


def _changes(event: Event) -> list[tuple[RowKey, Row]]:
    """Which rows the event changes, and to what."""
    match event:
        case ComplaintRegistered():
            return [
                ((event.complaint_id, item.item_no), {name: _plain(getattr(item, name)) for name in CLAIMED})
                for item in event.items
            ]
        case ComplaintDetailsCorrected():
            told = item_correction(event)
            if told is None or told.field not in CLAIMED:
                return []
            return [((event.complaint_id, told.item_no), {told.field: _plain(told.value)})]
        case ItemVerified():
            found = {
                "outcome": event.outcome,
                "verified_product": event.product,
                "verified_quantity": event.quantity,
                "verified_defects": list(event.defect_codes),
                "verified_lot": event.lot,
            }
            return [((event.complaint_id, event.item_no), found)]
        case _:
            return []


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    return (key for key, _ in _changes(recorded.event))


def _apply(rows: Rows, recorded: Recorded) -> None:
    for (complaint_id, item_no), change in _changes(recorded.event):
        unknown = dict.fromkeys(_NAMES) | {"complaint_id": complaint_id, "item_no": item_no}
        rows.put((rows.get(complaint_id, item_no) or unknown) | change)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


_COLUMNS = (
    Column("complaint_id", "uuid", nullable=False),
    Column("item_no", "integer", nullable=False),
    Column("product", "text"),
    Column("quantity_affected", "numeric"),
    Column("defect_codes", "text[]"),
    Column("lot", "text"),
    Column("production_date", "date"),
    Column("outcome", "text"),
    Column("verified_product", "text"),
    Column("verified_quantity", "numeric"),
    Column("verified_defects", "text[]"),
    Column("verified_lot", "text"),
)
_NAMES = tuple(column.name for column in _COLUMNS)

MODEL = ReadModel(
    name="item_facts",
    sources=frozenset({"intake", "investigation"}),
    columns=_COLUMNS,
    key=("complaint_id", "item_no"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, (coalesce(verified_product, product)), complaint_id)",),
)

_QUERY = """
select * from read.item_facts where tenant = $1 and complaint_id = any ($2::uuid[]) order by complaint_id, item_no
"""


async def item_rows(reader: Reader, tenant: str, complaints: Collection[UUID]) -> Sequence[Mapping[str, Any]]:
    return await reader.fetch(_QUERY, tenant, list(complaints))


def item(row: Mapping[str, Any]) -> Item:
    """The item by the last word on it."""
    verified = row["outcome"] is not None
    return Item(
        complaint_id=row["complaint_id"],
        item_no=row["item_no"],
        product=row["verified_product"] if verified else row["product"],
        quantity=row["verified_quantity"] if verified else row["quantity_affected"],
        defect_codes=tuple(row["verified_defects"] if verified else row["defect_codes"]),
        outcome=row["outcome"],
        lot=row["verified_lot"] or row["lot"],
        production_date=row["production_date"],
    )
