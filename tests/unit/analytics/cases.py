"""Facts with only what a test is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from services.analytics.domain.facts import Case, Item

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 5, 4, 8, tzinfo=UTC)


def case(nth=1, **fields):
    told = {
        "complaint_id": UUID(int=nth),
        "complaint_no": f"C2026-{nth:04d}",
        "status": "registered",
        "received_at": MONDAY,
        "channel": "email",
        "products": ("P-1",),
        "verdict": "pending",
    }
    return Case(**(told | fields))


def item(nth=1, item_no=1, **fields):
    told = {
        "complaint_id": UUID(int=nth),
        "item_no": item_no,
        "product": "P-1",
        "quantity": Decimal(1),
        "defect_codes": ("D-1",),
    }
    return Item(**(told | fields))
