"""The time-respecting permutation test: bad flags rotated along each product's production order.

A rotation keeps the clusters, drifts and gaps of the bad flags and of the lots and breaks only what ties the one to the
other, so neighbours that are alike don't accuse a lot (circular shifts as in Harris 2020, arXiv:2012.06862; maximum
over all levels as in Westfall & Young 1993, *Resampling-Based Multiple Testing*, §2.3; (1 + #) ÷ (1 + n) as in Phipson
& Smyth 2010, *Stat. Appl. Genet. Mol. Biol.* 9, 39).

A level's statistic is its strongest excess in any one product, not the sum: products share a calendar, so a bad season
weighs on all of them at once and their histories are not independent witnesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.investigation.domain.localisation.population import FloatArray, IntArray, KeptTotals, Orders
from services.investigation.domain.localisation.result import Rotations, Settings

_CHUNK = 1_000_000  # bad units turned at once
_ALIKE = 1e-9  # statistics nearer than this are equal: logarithms differ in the last bit between processors


@dataclass(frozen=True, slots=True, eq=False)
class _Carried:
    """One attribute within one product: codes in production order, the levels it carries, their expected bad units.

    `column[code]` is a level's place among them; its last element, reached by `MISSING`, is one beyond.
    """

    codes: IntArray
    column: IntArray
    level: IntArray
    expected: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Turning:
    """One product with bad and good units: where the bad ones stand, and its attributes with a known order."""

    units: int
    position: IntArray
    carried: tuple[_Carried, ...]


def rotation_p(
    totals: KeptTotals, orders: Orders, levels: IntArray, settings: Settings
) -> tuple[list[float | None], Rotations | None]:
    """Family-wise p of each of `levels`; None where its attribute's order was not given.

    Where only some attributes' orders are given, the family is theirs, and p is multiplied by the number of all
    attributes (Bonferroni: which ones to give may have been chosen by the data).
    """
    turning = list(_turning(totals, orders))
    if not turning or not orders.codes:
        return [None] * len(levels), None
    shifts, complete = _shifts([t.units for t in turning], settings)
    strongest = np.zeros(int(totals.first_level[-1]))
    top = np.zeros(len(shifts))
    for turn, shift in zip(turning, shifts.T, strict=True):
        for carried in turn.carried:
            place, excess = _excess(carried, turn, shift[:1] * 0)
            known = place[0] < len(carried.level)
            np.maximum.at(strongest, carried.level[place[0][known]], excess[0][known])
        step = max(1, _CHUNK // len(turn.position))
        for begin in range(0, len(shift), step):
            _raise_to(top[begin : begin + step], turn, shift[begin : begin + step])
    top.sort()
    reached = len(top) - np.searchsorted(top, strongest[levels] - _ALIKE)
    factor = 1 if len(orders.codes) == len(totals.attributes) else len(totals.attributes)
    p = np.minimum(1.0, factor * (1 + reached) / (1 + len(top)))
    attribute = np.searchsorted(totals.first_level, levels, side="right") - 1
    family = sum(len(totals.attributes[a].levels) for a in orders.codes)
    answers = [float(x) if a in orders.codes else None for x, a in zip(p, attribute.tolist(), strict=True)]
    return answers, Rotations(len(top), complete, family)


def _turning(totals: KeptTotals, orders: Orders) -> Iterator[_Turning]:
    cells, first = totals.cells, totals.first_level
    for k, units in enumerate(totals.units.tolist()):
        position = totals.bad.position[totals.bad.product == k]
        if not 0 < len(position) < units:
            continue
        here = np.flatnonzero(cells.product == k)
        carried = []
        for a in sorted(orders.codes):
            mine = here[slice(*np.searchsorted(cells.level[here], first[a : a + 2]))]
            column = np.full(len(totals.attributes[a].levels) + 1, len(mine), dtype=np.int32)
            column[cells.level[mine] - first[a]] = np.arange(len(mine))
            expected = cells.units[mine] * (len(position) / units)
            carried.append(_Carried(np.asarray(orders.codes[a][k]), column, cells.level[mine], expected))
        yield _Turning(units, position, tuple(carried))


def _shifts(lengths: list[int], settings: Settings) -> tuple[IntArray, bool]:
    """(rotations × products) shifts, without the identity: all of them where they are few, else drawn evenly.

    All products turn by the same share of their length, so that what they lived through together stays together.
    """
    turns = sum(lengths) if len(lengths) > 1 else lengths[0]
    if turns <= settings.rotations + 1:
        turn, complete = np.arange(1, turns), True
    else:
        draw = np.random.Generator(np.random.PCG64(settings.seed))
        turn, complete = draw.integers(0, turns, size=settings.rotations), False
    return turn[:, None] * np.array(lengths) // turns, complete


def _raise_to(top: FloatArray, turn: _Turning, shift: IntArray) -> None:
    """Lift each rotation's maximum to this product's strongest excess."""
    for carried in turn.carried:
        np.maximum(top, _excess(carried, turn, shift)[1].max(axis=1), out=top)


def _excess(carried: _Carried, turn: _Turning, shift: IntArray) -> tuple[IntArray, FloatArray]:
    """(rotations × bad units) places of the levels where bad units fall, sorted, and the excess at each one's first.

    The excess is the binomial log-likelihood ratio of more bad units than expected, 0 where not more. It rises with
    the count at every level, as the exact p falls, and is comparable between levels of unlike size.
    """
    at = (turn.position + shift[:, None]) % turn.units
    place = np.sort(carried.column[carried.codes[at]], axis=1)
    begins = np.ones(place.shape, dtype=bool)
    begins[:, 1:] = place[:, 1:] != place[:, :-1]
    first = np.flatnonzero(begins)
    count = np.diff(first, append=begins.size)
    ratio = _ratios(carried.expected, len(turn.position), int(count.max()))
    excess = np.zeros(place.size)
    excess[first] = ratio[place.ravel()[first], count]
    return place, excess.reshape(place.shape)


def _ratios(expected: FloatArray, bad: int, most: int) -> FloatArray:
    """(levels + 1 × counts up to `most`) the excess of every count; none in the last row, for what is missing."""
    a, e = np.arange(most + 1.0), expected[:, None]
    rest, left = bad - a, bad - e
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(a > 0, a * np.log(a / e), 0.0)
        outside = np.where((rest > 0) & (left > 0), rest * np.log(rest / left), 0.0)
    return np.pad(np.where(a > e, np.maximum(inside + outside, 0.0), 0.0), ((0, 1), (0, 0)))
