"""The same exact test within time: strata are stretches of each product's order, not whole products.

Inside a stretch all units are neighbours, so a drift or a bad season weighs on the level and on its surroundings alike.
"""

from __future__ import annotations

import numpy as np

from services.investigation.domain.localisation.exact import Stratum, log_p_value
from services.investigation.domain.localisation.population import IntArray, KeptTotals, Orders
from services.investigation.domain.localisation.result import Settings


def time_strata(totals: KeptTotals, orders: Orders, level: int, settings: Settings) -> tuple[Stratum, ...] | None:
    """The level's 2×2 table in each block of each product with bad units; None where its order was not given."""
    attribute = int(np.searchsorted(totals.first_level, level, side="right")) - 1
    code = level - int(totals.first_level[attribute])
    found: list[Stratum] = []
    for k in np.unique(totals.bad.product).tolist():
        order = orders.of(attribute, k)
        if order is None:
            return None
        bad = np.sort(totals.bad.position[totals.bad.product == k])
        found += _cut(np.asarray(order), code, bad, settings)
    return tuple(found)


def _cut(order: IntArray, code: int, bad: IntArray, settings: Settings) -> list[Stratum]:
    blocks = min(settings.blocks, max(2, len(order) // settings.block_units))
    edges = np.unique(np.linspace(0, len(order), blocks + 1).astype(np.int64))
    known, inside = order >= 0, order == code
    columns = (
        np.add.reduceat(known, edges[:-1], dtype=np.int64),
        _bad_between(edges, bad[known[bad]]),
        np.add.reduceat(inside, edges[:-1], dtype=np.int64),
        _bad_between(edges, bad[inside[bad]]),
    )
    return [Stratum(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def _bad_between(edges: IntArray, positions: IntArray) -> IntArray:
    return np.diff(np.searchsorted(positions, edges))


def log_p_in_blocks(totals: KeptTotals, orders: Orders, level: int, settings: Settings) -> float | None:
    """Log of the one-sided exact p within blocks; None where the order is unknown or no block tells anything."""
    strata = time_strata(totals, orders, level, settings)
    if strata is None or not any(s.informs for s in strata):
        return None
    return log_p_value(strata)
