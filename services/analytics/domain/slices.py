"""By period and by product: which cases a figure is about, and how they are grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal, Protocol, TypeVar

Granularity = Literal["day", "week", "month", "quarter", "year"]


class OfProducts(Protocol):
    """A fact about one or several products."""

    @property
    def products(self) -> tuple[str, ...]: ...


T = TypeVar("T")
P = TypeVar("P", bound=OfProducts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """`since` is included, `until` is not; None doesn't limit."""

    since: datetime | None = None
    until: datetime | None = None
    product: str | None = None

    def holds(self, moment: datetime | None, products: tuple[str, ...]) -> bool:
        """Whether something of these products at that moment belongs; what has no moment belongs to no period."""
        if self.product is not None and self.product not in products:
            return False
        if self.since is None and self.until is None:
            return True
        if moment is None:
            return False
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


def period_of(moment: datetime, granularity: Granularity, zone: tzinfo = UTC) -> str:
    """The label of the period on the calendar of `zone`: 2026-05-12, 2026-W20 (ISO 8601), 2026-05, 2026-Q2, 2026."""
    day = moment.astimezone(zone).date()
    match granularity:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        case "month":
            return f"{day.year:04d}-{day.month:02d}"
        case "quarter":
            return f"{day.year:04d}-Q{(day.month + 2) // 3}"
        case "year":
            return f"{day.year:04d}"


def by_period(
    facts: Iterable[T], moment: Callable[[T], datetime | None], granularity: Granularity, zone: tzinfo = UTC
) -> dict[str, list[T]]:
    """Facts by the period of their moment, periods ascending; those without a moment are in none."""
    groups: dict[str, list[T]] = {}
    for fact in facts:
        at = moment(fact)
        if at is not None:
            groups.setdefault(period_of(at, granularity, zone), []).append(fact)
    return dict(sorted(groups.items()))


def by_product(facts: Iterable[P]) -> dict[str, list[P]]:
    """Facts by product; one about several products stands under each, so the groups may add up to more than all."""
    groups: dict[str, list[P]] = {}
    for fact in facts:
        for product in dict.fromkeys(fact.products):
            groups.setdefault(product, []).append(fact)
    return dict(sorted(groups.items()))
