"""Which few make up most? Counts in falling order with their cumulative share (J. M. Juran's vital few)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`share` and `cumulative` run from 0 to 1, to 4 decimals; the last bar's cumulative share is exactly 1.

    `split` are the parts of `count` (by verdict, by leg …), in stable order.
    """

    label: str
    count: int
    share: Decimal
    cumulative: Decimal
    split: Mapping[str, int]


def pareto(entries: Iterable[tuple[str, str]]) -> list[Bar]:
    """Bars of (label, part) entries. Ties stand in the order of their labels, whatever order they came in."""
    parts: dict[str, Counter[str]] = {}
    for label, part in entries:
        parts.setdefault(label, Counter())[part] += 1
    counts = sorted(((label, split.total()) for label, split in parts.items()), key=lambda bar: (-bar[1], bar[0]))
    total = sum(count for _, count in counts)
    bars: list[Bar] = []
    running = 0
    for label, count in counts:
        running += count
        bars.append(
            Bar(
                label=label,
                count=count,
                share=share_of(count, total),
                cumulative=share_of(running, total),
                split=dict(sorted(parts[label].items())),
            )
        )
    return bars


def share_of(part: int, whole: int) -> Decimal:
    """Part ÷ whole, rounded half to even to 4 decimals on the exact ratio."""
    return Decimal(round(Fraction(part, whole) * 10_000)) * _FOUR_DECIMALS
