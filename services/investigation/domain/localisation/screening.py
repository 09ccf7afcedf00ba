"""The exact test of every level at once, from totals and bad units alone.

Only levels with more bad units than expected are computed: a sum of independent hypergeometrics is a sum of
independent Bernoulli variables (Vatutin & Mikhailov 1982, *Theory Probab. Appl.* 27, 734–743), so its median is within
one of its mean (Jogdeo & Samuels 1968, *Ann. Math. Statist.* 39, 1191–1195) and the others have p ≥ ½. The rest is the
arithmetic of `exact.conditional`, on many levels side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.investigation.domain.localisation.exact import Stratum, log_p_value
from services.investigation.domain.localisation.population import (
    BoolArray,
    Cells,
    FloatArray,
    IntArray,
    KeptTotals,
    PopulationInconsistent,
)

_WINDOW = 160  # widest support computed side by side; wider ones are few and go one by one
_EXACT = 1e-18  # what is cut off, relative to the observed value's probability
_CHUNK = 2_000_000  # numbers held at once


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The 2×2 tables that inform, ordered by level; `start[i]:start[i + 1]` are those of `levels[i]`."""

    levels: IntArray
    start: IntArray
    product: IntArray
    units: IntArray
    bad: IntArray
    inside: IntArray
    bad_inside: IntArray

    def strata(self, i: int) -> tuple[Stratum, ...]:
        part = slice(int(self.start[i]), int(self.start[i + 1]))
        columns = (c[part].tolist() for c in (self.units, self.bad, self.inside, self.bad_inside))
        return tuple(Stratum(*row) for row in zip(*columns, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """`tests`: levels that could be told, with or without a bad unit. `log_p` belongs to `tables.levels`."""

    tests: int
    tables: Tables
    log_p: FloatArray


def screen(totals: KeptTotals, stratum_of: IntArray) -> Screening:
    """Test every level; `stratum_of` (products,) maps a product to its stratum (all 0: not stratified)."""
    cells = _in_strata(totals.cells, stratum_of)
    strata = int(np.max(stratum_of, initial=-1)) + 1
    first = totals.first_level
    attribute_of = np.repeat(np.arange(len(totals.attributes)), np.diff(first))
    margin = attribute_of[cells.level] * strata + cells.product
    units = np.bincount(margin, weights=cells.units, minlength=len(first) * strata)[margin].astype(np.int64)
    inside_bad = _bad_per_cell(totals, cells, stratum_of, strata)
    bad = np.bincount(margin, weights=inside_bad, minlength=len(first) * strata)[margin].astype(np.int64)
    informs = (bad > 0) & (bad < units) & (cells.units < units)
    tests = int(np.count_nonzero(np.diff(cells.level[informs], prepend=-1)))
    tables = _more_than_expected(cells, units, bad, inside_bad, informs)
    return Screening(tests, tables, log_tails(tables))


def _in_strata(cells: Cells, stratum_of: IntArray) -> Cells:
    if np.array_equal(stratum_of, np.arange(len(stratum_of))):
        return cells
    strata = int(np.max(stratum_of, initial=0)) + 1
    key, where = np.unique(cells.level * strata + stratum_of[cells.product], return_inverse=True)
    units = np.bincount(where, weights=cells.units).astype(np.int64)
    return Cells(level=key // strata, product=key % strata, units=units)


def _bad_per_cell(totals: KeptTotals, cells: Cells, stratum_of: IntArray, strata: int) -> IntArray:
    known = totals.bad.codes >= 0
    level = (totals.bad.codes + totals.first_level[:-1])[known]
    stratum = np.broadcast_to(stratum_of[totals.bad.product][:, None], known.shape)[known]
    key, wanted = cells.level * strata + cells.product, level * strata + stratum
    at = np.searchsorted(key, wanted)
    if len(wanted) and (int(np.max(at)) >= len(key) or not np.array_equal(key[at], wanted)):
        raise PopulationInconsistent(what="a bad unit carries a level that its product's totals don't hold")
    inside = np.bincount(at, minlength=len(key))
    if np.any(inside > cells.units):
        raise PopulationInconsistent(what="more bad units than units at risk")
    return inside


def _more_than_expected(cells: Cells, units: IntArray, bad: IntArray, inside: IntArray, informs: BoolArray) -> Tables:
    at = np.flatnonzero(informs)
    level, sizes = cells.level[at], int(np.max(cells.level, initial=-1)) + 1
    observed = np.bincount(level, weights=inside[at], minlength=sizes)
    expected = np.bincount(level, weights=cells.units[at] * (bad[at] / units[at]), minlength=sizes)
    at = at[(observed > np.floor(expected))[level]]
    levels, start = np.unique(cells.level[at], return_index=True)
    return Tables(
        levels=levels,
        start=np.append(start, len(at)),
        product=cells.product[at],
        units=units[at],
        bad=bad[at],
        inside=cells.units[at],
        bad_inside=inside[at],
    )


def log_tails(tables: Tables) -> FloatArray:
    """Log of the one-sided exact p of every level, the same as `exact.log_p_value` of its strata."""
    result = np.empty(len(tables.levels))
    strata = np.diff(tables.start)
    room = tables.units - tables.inside - tables.bad
    first_odds = np.where(room >= 0, tables.inside * (tables.bad / np.maximum(room + 1, 1)), np.inf)
    odds = np.add.reduceat(first_odds, tables.start[:-1]) if len(result) else np.empty(0)
    observed = np.add.reduceat(tables.bad_inside, tables.start[:-1]) if len(result) else np.empty(0, np.int64)
    width = _widths(odds, observed)
    for i in np.flatnonzero(width > _WINDOW):
        result[i] = log_p_value(tables.strata(int(i)))
    shape = strata * (_WINDOW + 1) + width
    for one in np.unique(shape[width <= _WINDOW]):
        members = np.flatnonzero(shape == one)
        count, wide = divmod(int(one), _WINDOW + 1)
        step = max(1, _CHUNK // (count * wide))
        for begin in range(0, len(members), step):
            part = members[begin : begin + step]
            at = tables.start[part][:, None] + np.arange(count)
            result[part] = _side_by_side(tables, at, wide, odds[part], observed[part])
    return np.minimum(result, 0.0)


def _widths(odds: FloatArray, observed: IntArray) -> IntArray:
    """How many values to hold so that what lies beyond is negligible; above `_WINDOW`: too many.

    P(x + 1) ÷ P(x) ≤ Σ odds ÷ (x + 1) for a sum of Bernoulli variables (Newton's inequalities).
    """
    width = np.full(len(odds), _WINDOW + 1, dtype=np.int64)
    beyond = np.ones(len(odds))
    for x in range(1, _WINDOW + 1):
        beyond = np.where(x > observed, np.minimum(beyond * (odds / x), 1e300), 1.0)
        done = (width > _WINDOW) & (x > observed) & (x > 2 * odds) & (beyond < _EXACT) & (x % 8 == 0)
        width[done] = x
    return width


def _side_by_side(tables: Tables, at: IntArray, wide: int, odds: FloatArray, observed: IntArray) -> FloatArray:
    """Tails of many levels with equally many strata: (levels × strata × values) weights, tilted to the observed."""
    x = np.arange(wide - 1)
    inside, bad = tables.inside[at][..., None], tables.bad[at][..., None]
    room = (tables.units[at] - tables.inside[at])[..., None] - bad
    ratio = np.maximum(inside - x, 0) * (np.maximum(bad - x, 0) / ((x + 1.0) * (room + x + 1)))
    tilt = np.maximum(1.0, observed / odds)
    norm = np.log(1 + np.cumprod(ratio, axis=2).sum(axis=2)).sum(axis=1)
    weight = np.ones((*at.shape, wide))
    np.cumprod(ratio * tilt[:, None, None], axis=2, out=weight[..., 1:])
    total = weight[:, 0]
    for s in range(1, at.shape[1]):
        total = _convolved(total, weight[:, s])
    past = np.arange(wide) - observed[:, None]
    tail = np.where(past >= 0, total * tilt[:, None] ** -np.maximum(past, 0), 0.0).sum(axis=1)
    result: FloatArray = np.log(tail) - observed * np.log(tilt) - norm
    return result


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    result = np.zeros_like(one)
    for i in range(one.shape[1]):
        result[:, i:] += one[:, i, None] * other[:, : one.shape[1] - i]
    return result
