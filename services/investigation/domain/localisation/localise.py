"""Source localisation (源头定位, rule 9): the exact test, the permutation test and the exact test within time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from services.investigation.domain.localisation.blocks import log_p_in_blocks
from services.investigation.domain.localisation.groups import Candidate, Carriers, candidates
from services.investigation.domain.localisation.population import (
    KeptTotals,
    Orders,
    Population,
    orders_of,
    totals_of,
)
from services.investigation.domain.localisation.ranking import Judged, ranked
from services.investigation.domain.localisation.result import (
    Abstention,
    Group,
    Localisation,
    Missing,
    Rotations,
    Settings,
)
from services.investigation.domain.localisation.rotation import rotation_p
from services.investigation.domain.localisation.screening import Screening, screen
from shared.contracts.words import SuspectVerdict

LEAST_BAD = 3
_BELOW = 3  # not significant groups shown below the significant ones, so that a person sees what came next
_NO_ORDERS = Orders()
_DEFAULT = Settings()


def localise(
    asked: Population | KeptTotals, orders: Orders = _NO_ORDERS, settings: Settings = _DEFAULT
) -> Localisation:
    """Rank the suspects. A whole population brings its own orders; kept totals may bring those of some attributes.

    Without an attribute's order its levels are never suspects: what time did can't be told (`lot_or_period`).
    """
    totals = totals_of(asked) if isinstance(asked, Population) else asked
    orders = orders_of(asked) if isinstance(asked, Population) else orders
    bad = len(totals.bad.product)
    if bad < LEAST_BAD:
        return _answer(totals, settings, abstained=Abstention("too_few_bad", bad, LEAST_BAD))
    products = np.arange(len(totals.products))
    screening = screen(totals, products if settings.stratified else np.zeros_like(products))
    if screening.tests == 0:
        return _answer(totals, settings, abstained=Abstention("no_contrast", 0, 1))
    return _judge(totals, orders, settings, screening)


def suspect_attributes(totals: KeptTotals, settings: Settings = _DEFAULT) -> tuple[int, ...]:
    """The attributes whose orders `localise` will want: those with a significant level."""
    first = localise(totals, settings=settings)
    names = {m.attribute for g in first.groups if g.verdict != "not_significant" for m in g.members}
    return tuple(a for a, attribute in enumerate(totals.attributes) if attribute.name in names)


def _judge(totals: KeptTotals, orders: Orders, settings: Settings, screening: Screening) -> Localisation:
    every = tuple(range(len(totals.products)))
    products_of: dict[int, tuple[int, ...]] = {k: (k,) for k in every} if settings.stratified else {0: every}
    carriers = Carriers(totals, orders)
    adjusted = _holm(screening)
    log_alpha = math.log(settings.alpha)
    by_level = dict(zip(screening.tables.levels.tolist(), adjusted, strict=True))
    worst = max(
        (p for p, q in zip(screening.log_p.tolist(), adjusted, strict=True) if q <= log_alpha), default=-math.inf
    )
    found = candidates(screening, carriers, products_of, settings.shown, worst)
    significant = [c for c in found if by_level[c.levels[0]] <= log_alpha]
    below = [c for c in found if by_level[c.levels[0]] > log_alpha][:_BELOW]
    in_time, rotations = _in_time(totals, orders, settings, significant)
    judged = [
        Judged(c, by_level[c.levels[0]], turned, blocked, _verdict(turned, blocked, settings.alpha))
        for c, (turned, blocked) in zip(significant, in_time, strict=True)
    ]
    judged += [Judged(c, by_level[c.levels[0]], None, None, "not_significant") for c in below]
    groups = ranked(judged, carriers, products_of, settings)
    answer = _answer(totals, settings, groups=groups, rotations=rotations)
    return replace(answer, tests=screening.tests, significant=sum(q <= log_alpha for q in adjusted))


def _holm(screening: Screening) -> list[float]:
    """Log of Holm's adjusted p (1979, *Scand. J. Statist.* 6, 65–70) in the order of the levels."""
    order = np.argsort(screening.log_p, kind="stable")
    left = screening.tests - np.arange(len(order))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(0.0, np.maximum.accumulate(screening.log_p[order] + np.log(left)))
    return list(map(float, adjusted))


def _in_time(
    totals: KeptTotals, orders: Orders, settings: Settings, significant: list[Candidate]
) -> tuple[list[tuple[float | None, float | None]], Rotations | None]:
    if not significant:
        return [], None
    levels = [c.levels[0] for c in significant]
    turned, rotations = rotation_p(totals, orders, np.array(levels), settings)
    blocked = [log_p_in_blocks(totals, orders, level, settings) for level in levels]
    return [(t, None if b is None else math.exp(b)) for t, b in zip(turned, blocked, strict=True)], rotations


def _verdict(turned: float | None, blocked: float | None, alpha: float) -> SuspectVerdict:
    agree = turned is not None and turned <= alpha and blocked is not None and blocked <= alpha
    return "suspect" if agree else "lot_or_period"


def _answer(
    totals: KeptTotals,
    settings: Settings,
    *,
    groups: tuple[Group, ...] = (),
    rotations: Rotations | None = None,
    abstained: Abstention | None = None,
) -> Localisation:
    attribute_of = np.repeat(np.arange(len(totals.attributes)), np.diff(totals.first_level))
    known = np.bincount(attribute_of[totals.cells.level], weights=totals.cells.units, minlength=len(totals.attributes))
    units = int(totals.units.sum())
    lots = [a for a, attribute in enumerate(totals.attributes) if attribute.kind == "lot"]
    lotless = int(np.all(totals.bad.codes[:, lots] < 0, axis=1).sum()) if lots else 0
    return Localisation(
        settings=settings,
        units=units,
        bad=len(totals.bad.product),
        without_lot=totals.unplaced + lotless,
        missing=tuple(
            Missing(attribute.name, units - int(known[a]), int(np.count_nonzero(totals.bad.codes[:, a] < 0)))
            for a, attribute in enumerate(totals.attributes)
        ),
        tests=0,
        significant=0,
        rotations=rotations,
        groups=groups,
        abstained=abstained,
    )
