"""Did the measure help? Bad units per million made since the cut-in, counted from what the logs say."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

MILLION = Decimal(1_000_000)
_THREE_DECIMALS = Decimal("0.001")

Standing = Literal["confirmed", "pending", "cleared"]
"""Of a claimed bad item: verified as bad, not yet verified, verified as anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Production dates, both ends included. `defect_codes` empty: every defect."""

    made_from: date
    made_to: date
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Units of one product made on one day."""

    product: str
    day: date
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BadItem:
    """A complained item. `production_date` None: neither a record nor the customer says when it was made.

    `received_on` is when the complaint came: what it is about was made by then. None: not heard of yet.
    """

    product: str
    quantity: Decimal
    defect_codes: tuple[str, ...]
    standing: Standing
    production_date: date | None
    received_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted for a window.

    `bad_before`: made before the window, or reported before it. `bad_undated`: without a production date, so it may
    have been made before or after. Both hold confirmed and pending quantities and enter no rate. Items made after the
    window stand nowhere.
    """

    window: Window
    units: int
    confirmed_bad: Decimal
    pending_bad: Decimal
    bad_before: Decimal
    bad_undated: Decimal


def measure(made: Iterable[Made], items: Iterable[BadItem], window: Window) -> Counts:
    """Count for the window (rule 18). A pending item without a defect code counts: nobody has said it is another."""
    confirmed = pending = before = undated = Decimal(0)
    for item in items:
        if not _concerns(item, window):
            continue
        if _surely_before(item, window):
            before += item.quantity
        elif item.production_date is None:
            undated += item.quantity
        elif item.production_date <= window.made_to and item.standing == "confirmed":
            confirmed += item.quantity
        elif item.production_date <= window.made_to:
            pending += item.quantity
    return Counts(
        window=window,
        units=sum(m.units for m in made if m.product in window.products and _within(m.day, window)),
        confirmed_bad=confirmed,
        pending_bad=pending,
        bad_before=before,
        bad_undated=undated,
    )


def ppm(bad: Decimal, units: int) -> Decimal | None:
    """Bad ÷ units × 10⁶, to 3 decimals, half to even; None where nothing was made."""
    if units <= 0:
        return None
    return (bad * MILLION / units).quantize(_THREE_DECIMALS, ROUND_HALF_EVEN)


def within_target(bad: Decimal, units: int, target_ppm: Decimal) -> bool:
    """Judged on the exact ratio, not on the rounded figure."""
    return bad * MILLION <= target_ppm * units


def _surely_before(item: BadItem, window: Window) -> bool:
    known = item.production_date or item.received_on
    return known is not None and known < window.made_from


def _within(day: date, window: Window) -> bool:
    return window.made_from <= day <= window.made_to


def _concerns(item: BadItem, window: Window) -> bool:
    if item.standing == "cleared":
        return False
    undetermined = item.standing == "pending" and not item.defect_codes
    return item.product in window.products and (undetermined or of_defect(item, window.defect_codes))


def of_defect(item: BadItem, defect_codes: Collection[str]) -> bool:
    """Whether the item has one of these defects; where none is named, whether it has any."""
    return not defect_codes or not set(item.defect_codes).isdisjoint(defect_codes)
