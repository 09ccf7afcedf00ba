"""Which candidates are one group, which lie inside another, and what would tell them apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.investigation.domain.localisation.exact import Stratum, log_p_value
from services.investigation.domain.localisation.population import BoolArray, KeptTotals, Orders
from services.investigation.domain.localisation.result import Apart, Member
from services.investigation.domain.localisation.screening import Screening

_HINTS = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or several levels with the same units; `tables` by stratum, `bad` the numbers of its bad units."""

    levels: tuple[int, ...]
    tables: dict[int, Stratum]
    bad: frozenset[int]
    log_p: float


@dataclass(frozen=True, slots=True, eq=False)
class Carriers:
    """Which units carry which level, as far as the orders are known."""

    totals: KeptTotals
    orders: Orders

    def attribute(self, level: int) -> int:
        return int(np.searchsorted(self.totals.first_level, level, side="right")) - 1

    def member(self, level: int) -> Member:
        at = self.attribute(level)
        attribute = self.totals.attributes[at]
        return Member(attribute.name, attribute.levels[level - int(self.totals.first_level[at])], attribute.kind)

    def units(self, level: int, product: int) -> BoolArray | None:
        at = self.attribute(level)
        order = self.orders.of(at, product)
        return None if order is None else np.asarray(order) == level - int(self.totals.first_level[at])

    def only(self, one: int, other: int, product: int) -> int | None:
        """Units of a product that carry the one level and not the other; None where the orders don't say."""
        a, b = self.units(one, product), self.units(other, product)
        return None if a is None or b is None else int(np.count_nonzero(a & ~b))

    def bad(self, level: int, products: Sequence[int]) -> frozenset[int]:
        at = self.attribute(level)
        carries = self.totals.bad.codes[:, at] == level - int(self.totals.first_level[at])
        return frozenset(np.flatnonzero(carries & np.isin(self.totals.bad.product, products)).tolist())

    def at_risk(self, level: int) -> dict[int, int]:
        cells = self.totals.cells
        part = slice(*np.searchsorted(cells.level, [level, level + 1]).tolist())
        return dict(zip(cells.product[part].tolist(), cells.units[part].tolist(), strict=True))


def candidates(
    screening: Screening, carriers: Carriers, products_of: Mapping[int, tuple[int, ...]], wanted: int, alpha_log: float
) -> list[Candidate]:
    """The `wanted` best groups by exact p; significant levels are one group only where their units are the same."""
    found: list[Candidate] = []
    for i in np.lexsort((screening.tables.levels, screening.log_p)).tolist():
        level, log_p = int(screening.tables.levels[i]), float(screening.log_p[i])
        part = slice(int(screening.tables.start[i]), int(screening.tables.start[i + 1]))
        tables = dict(zip(screening.tables.product[part].tolist(), screening.tables.strata(i), strict=True))
        products = [p for s in tables for p in products_of[s]]
        one = Candidate((level,), tables, carriers.bad(level, products), log_p)
        twin = _twin(found, one, carriers, products if log_p <= alpha_log else [])
        if twin is not None:
            same = found[twin]
            found[twin] = Candidate((*same.levels, level), same.tables, same.bad, same.log_p)
        elif len(found) < wanted:
            found.append(one)
        elif log_p > found[-1].log_p:
            break
    return found


def _twin(found: list[Candidate], one: Candidate, carriers: Carriers, products: Sequence[int]) -> int | None:
    for at in reversed(range(len(found))):
        other = found[at]
        if other.bad == one.bad and _same_tables(other, one):
            apart = (carriers.only(other.levels[0], one.levels[0], k) for k in products)
            if not any(apart):  # equal numbers on both sides: none on one side means none on the other
                return at
    return None


def _same_tables(one: Candidate, other: Candidate) -> bool:
    return {s: (t.inside, t.bad_inside) for s, t in one.tables.items()} == {
        s: (t.inside, t.bad_inside) for s, t in other.tables.items()
    }


def lies_inside(
    narrow: Candidate, wide: Candidate, carriers: Carriers, products_of: Mapping[int, tuple[int, ...]]
) -> bool:
    """Every unit of the narrow one is a unit of the wide one; by totals alone that is known for equal bad sets only."""
    if not narrow.bad <= wide.bad or not narrow.tables.keys() <= wide.tables.keys():
        return False
    fits = [(narrow.tables[s].inside, wide.tables[s].inside) for s in narrow.tables]
    more = sum(t.inside for t in wide.tables.values()) > sum(n for n, _ in fits)
    if not more or any(n > w for n, w in fits):
        return False
    outside = [carriers.only(narrow.levels[0], wide.levels[0], k) for s in narrow.tables for k in products_of[s]]
    return not any(outside) and (None not in outside or narrow.bad == wide.bad)


def within(narrow: Candidate, wide: Candidate) -> tuple[float, float]:
    """(p that the narrow one is worse than the rest of the wide one, p that this rest is worse than the outside)."""
    inner, rest = [], []
    for s, w in wide.tables.items():
        n = narrow.tables.get(s)
        inside, bad_inside = (n.inside, n.bad_inside) if n else (0, 0)
        inner.append(Stratum(w.inside, w.bad_inside, inside, bad_inside))
        rest.append(Stratum(w.units - inside, w.bad - bad_inside, w.inside - inside, w.bad_inside - bad_inside))
    return math.exp(log_p_value(inner)), math.exp(log_p_value(rest))


def apart(candidate: Candidate, carriers: Carriers) -> tuple[Apart, ...]:
    """What to look at so that the first member is told from each other one, most units first."""
    first, *others = candidate.levels
    hints: list[Apart] = []
    for other in others:
        found = [h for pair in ((first, other), (other, first)) for h in _made_already(*pair, carriers)]
        found.sort(key=lambda h: (-h.units, h.product or ""))
        make = Apart("make", carriers.member(first), carriers.member(other), None, 0)
        hints += found[:_HINTS] or [make]
    return tuple(hints)


def _made_already(carries: int, lacks: int, carriers: Carriers) -> list[Apart]:
    mine, theirs = carriers.at_risk(carries), carriers.at_risk(lacks)
    hints = []
    for k, units in mine.items():
        known = carriers.only(carries, lacks, k)
        count = max(0, units - theirs.get(k, 0)) if known is None else known
        if count:
            product = carriers.totals.products[k]
            hints.append(Apart("inspect", carriers.member(carries), carriers.member(lacks), product, count))
    return hints
