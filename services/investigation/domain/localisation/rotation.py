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

_CHUNK = 4_000_000  # counts held at once
_ALIKE = 1e-9  # statistics nearer than this are equal: logarithms differ in the last bit between processors


@dataclass(frozen=True, slots=True, eq=False)
class _Turning:
    """One product with bad and good units: bad positions, the levels it carries and what they may expect."""

    units: int
    position: IntArray
    codes: tuple[IntArray, ...]  # of each attribute with a known order, in production order
    column: tuple[IntArray, ...]  # of each such attribute: the column of a code in the counts
    level: IntArray
    expected: FloatArray


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
        strongest[turn.level] = np.maximum(strongest[turn.level], _excess(turn, shift[:1] * 0)[0])
        step = max(1, _CHUNK // (len(turn.level) + len(turn.position)))
        for begin in range(0, len(shift), step):
            part = slice(begin, begin + step)
            top[part] = np.maximum(top[part], _excess(turn, shift[part]).max(axis=1))
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
    attributes = sorted(orders.codes)
    given = np.repeat(np.isin(np.arange(len(totals.attributes)), attributes), np.diff(first))
    for k, units in enumerate(totals.units.tolist()):
        position = totals.bad.position[totals.bad.product == k]
        here = np.flatnonzero((cells.product == k) & given[cells.level])
        if not 0 < len(position) < units or not len(here):
            continue
        level = cells.level[here]
        column = np.full(int(first[-1]), -1)
        column[level] = np.arange(len(level))
        yield _Turning(
            units=units,
            position=position,
            codes=tuple(orders.codes[a][k] for a in attributes),
            column=tuple(column[first[a] : first[a + 1]] for a in attributes),
            level=level,
            expected=cells.units[here] * (len(position) / units),
        )


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


def _excess(turn: _Turning, shift: IntArray) -> FloatArray:
    """(rotations × levels) binomial log-likelihood ratio of more bad units than expected; 0 where not more.

    It rises with the count at every level, as the exact p falls, and is comparable between levels of unlike size.
    """
    wide, bad = len(turn.level), len(turn.position)
    at = (turn.position + shift[:, None]) % turn.units
    row = np.arange(len(shift))[:, None] * wide
    counts = np.zeros(len(shift) * wide, dtype=np.int64)
    for codes, column in zip(turn.codes, turn.column, strict=True):
        code = codes[at]
        counts += np.bincount((row + column[code])[code >= 0], minlength=len(counts))
    result = np.zeros((len(shift), wide))
    r, level = np.nonzero(counts.reshape(result.shape) > turn.expected)
    a, e = counts.reshape(result.shape)[r, level], turn.expected[level]
    rest, left = bad - a, bad - e
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = np.where((rest > 0) & (left > 0), rest * np.log(rest / left), 0.0)
    result[r, level] = np.maximum(a * np.log(a / e) + outside, 0.0)
    return result
