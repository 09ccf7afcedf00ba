"""Localisation from kept totals, beside pandas groupby and scipy per level, in one run (targets.md).

The population is synthetic and seeded: units of 20 products in production order, 40 attributes (30 of lots used up one
after the other, 10 of machines and suppliers in turn), 500 bad units, one planted lot. The reference is timed on a
part of the attributes and scaled by their number; it does each level's hypergeometric tail within the pooled products,
which is less than the stratified convolution done here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import psutil
from scipy import stats

from benchmarks.rig import Rig, Row, Rows, alone
from services.investigation.domain.localisation import (
    Attribute,
    KeptTotals,
    Orders,
    Population,
    ProductRun,
    Settings,
    localise,
    orders_of,
    suspect_attributes,
    totals_of,
)

ATTRIBUTES = 40
LOTS = 30
PRODUCTS = 20
BAD = 500
LEVELS = 2000
REFERENCE_ATTRIBUTES = (0, 35)
_BYTES_A_UNIT = 4 * ATTRIBUTES * 2.5  # codes, and what the making and the reference hold beside them


def population(units: int, seed: int = 9) -> Population:
    """`units` units; lot a0-700 is bad in 2 of 1,000 units, all else in about 1 of 25,000."""
    rng = np.random.default_rng(seed)
    each = units // PRODUCTS
    runs = []
    for k in range(PRODUCTS):
        codes = np.empty((ATTRIBUTES, each), dtype=np.int32)
        for a in range(LOTS):
            # every product draws on about 300 neighbouring lots of each material, in order
            cuts = np.sort(rng.integers(0, each, 299))
            codes[a] = (np.searchsorted(cuts, np.arange(each)) + 90 * k) % LEVELS
        for a in range(LOTS, ATTRIBUTES):
            codes[a] = rng.integers(0, 5 + a, each)
        runs.append(ProductRun(product=f"P{k}", codes=codes, bad=_bad(rng, codes[0])))
    attributes = [
        Attribute(name=f"a{a}", levels=tuple(f"a{a}-{i}" for i in range(LEVELS if a < LOTS else 5 + a)))
        for a in range(ATTRIBUTES)
    ]
    return Population(attributes=tuple(attributes), runs=tuple(runs))


def _bad(rng: np.random.Generator, lot: np.ndarray) -> np.ndarray:
    bad = np.zeros(len(lot), dtype=bool)
    bad[rng.choice(len(lot), BAD // PRODUCTS, replace=False)] = True
    planted = np.flatnonzero(lot == 700)
    if len(planted):
        bad[rng.choice(planted, min(8, len(planted)), replace=False)] = True
    return bad


def _seconds(work: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def _reference(asked: Population) -> float:
    """Seconds of pandas groupby and scipy.stats.hypergeom a level for all attributes, from those timed."""
    product = np.repeat(np.arange(PRODUCTS), [len(run.bad) for run in asked.runs])
    bad = np.concatenate([run.bad for run in asked.runs])
    total = 0.0
    for part, a in zip((LOTS, ATTRIBUTES - LOTS), REFERENCE_ATTRIBUTES, strict=True):
        frame = pd.DataFrame({"p": product, "l": np.concatenate([run.codes[a] for run in asked.runs]), "bad": bad})
        start = time.perf_counter()
        per_level = frame.groupby(["p", "l"])["bad"].agg(["size", "sum"]).groupby("l").sum()
        for size, inside in per_level.itertuples(index=False):
            stats.hypergeom.sf(inside - 1, len(bad), int(bad.sum()), size)
        total += part * (time.perf_counter() - start)
    return total


def _affordable() -> int:
    free = psutil.virtual_memory().available
    return 10_000_000 if free > 10_000_000 * _BYTES_A_UNIT else 1_000_000


def _with_suspects_in_time(totals: KeptTotals, orders: Orders) -> object:
    wanted = suspect_attributes(totals)
    given = Orders(codes={a: orders.codes[a] for a in wanted})
    return localise(totals, given)


async def measure(rig: Rig) -> Rows:
    """`rig` is not used: this is arithmetic in one process."""
    del rig
    units = _affordable()
    asked = population(units)
    totals, orders = totals_of(asked), orders_of(asked)
    found = localise(totals, Orders(codes={0: orders.codes[0]}))
    assert found.groups[0].members[0].level == "a0-700", "the planted lot must come first"
    exact = _seconds(lambda: localise(totals))
    in_time = _seconds(lambda: _with_suspects_in_time(totals, orders), times=3)
    reference = _reference(asked)
    size = f"{units:,} units x {ATTRIBUTES} attributes, {len(totals.bad.product)} bad, {found.tests} tests"
    return {
        "localisation, exact tests from kept totals": Row(
            ours=exact,
            reference=reference,
            ratio=reference / exact,
            goal="<= 0.2 s, >= 200x",
            met=exact <= 0.2 and reference / exact >= 200,
            unit="s",
            note=f"{size}; reference: pandas groupby and scipy a level",
        ),
        "localisation with the permutation test": alone(
            in_time, unit="s", sense="<=", goal=3, note=f"{size}; {Settings().rotations} rotations of the suspects"
        ),
    }
