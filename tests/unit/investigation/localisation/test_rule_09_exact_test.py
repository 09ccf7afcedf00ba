"""The exact conditional test, its estimate and its interval, against published values, scipy and enumeration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.investigation.domain.localisation.exact import Stratum, conditional, log_p_value, odds_ratio
from services.investigation.domain.localisation.screening import Tables, log_tails


@st.composite
def tables(draw: st.DrawFn, most: int = 40) -> Stratum:
    units = draw(st.integers(2, most))
    bad = draw(st.integers(0, units))
    inside = draw(st.integers(0, units))
    return Stratum(units, bad, inside, draw(st.integers(max(0, bad + inside - units), min(bad, inside))))


def enumerated_tail(strata: list[Stratum], least: int, psi: float = 1) -> float:
    """P(Σ bad inside ≥ least) at common odds ratio ψ, by listing every combination of tables."""
    weights: dict[bool, float] = {True: 0, False: 0}
    for values in itertools.product(*(range(s.least, s.most + 1) for s in strata)):
        ways = math.prod(
            math.comb(s.inside, x) * math.comb(s.units - s.inside, s.bad - x)
            for s, x in zip(strata, values, strict=True)
        )
        weights[sum(values) >= least] += ways * psi ** sum(values)
    return weights[True] / sum(weights.values())


def test_penicillin_for_rabbits_agresti_1990_as_r_prints_it():
    """R, ?mantelhaen.test: Agresti (1990) pp. 231–237; exact two-sided p 0.0399449, one-sided 0.020, ψ 10.36102."""
    cured_at_once, died_at_once = (0, 3, 6, 5, 2), (6, 3, 0, 1, 0)
    cured_late, died_late = (0, 0, 2, 6, 5), (5, 6, 4, 0, 0)
    rabbits = [
        Stratum(a + b + c + d, a + c, a + b, a)
        for a, b, c, d in zip(cured_at_once, died_at_once, cured_late, died_late, strict=True)
    ]
    assert math.exp(log_p_value(rabbits)) == pytest.approx(0.01997, abs=5e-6)
    odds = odds_ratio(conditional(rabbits))
    assert odds is not None
    assert odds.estimate == pytest.approx(10.36102, rel=1e-5)
    assert enumerated_tail(rabbits, 16, odds.low) == pytest.approx(0.025, rel=1e-9)
    assert 1 - enumerated_tail(rabbits, 17, odds.high) == pytest.approx(0.025, rel=1e-9)


def test_fishers_tea_taster():
    """Fisher (1935), *The Design of Experiments*, ch. 2; R, ?fisher.test: p 0.2429, ψ 6.408309."""
    tea = [Stratum(8, 4, 4, 3)]
    assert math.exp(log_p_value(tea)) == pytest.approx(17 / 70, rel=1e-12)
    odds = odds_ratio(conditional(tea))
    assert odds is not None
    assert odds.estimate == pytest.approx(6.408309, rel=1e-5)


@given(tables(most=400))
def test_one_stratum_is_fishers_exact_test(table: Stratum):
    expected = stats.hypergeom.sf(table.bad_inside - 1, table.units, table.inside, table.bad) if table.informs else 1.0
    assert math.exp(log_p_value([table])) == pytest.approx(expected, rel=1e-9)


@given(tables(most=400).filter(lambda t: t.informs and t.least < t.bad_inside < t.most))
def test_interval_of_one_stratum_is_scipys_exact_one(table: Stratum):
    a, c = table.bad_inside, table.bad - table.bad_inside
    reference = stats.contingency.odds_ratio(
        [[a, table.inside - a], [c, table.units - table.inside - c]], kind="conditional"
    )
    found = odds_ratio(conditional([table]))
    assert found is not None
    interval = reference.confidence_interval(0.95)
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (reference.statistic, interval.low, interval.high), rel=1e-4
    )


@given(st.lists(tables(most=12), min_size=2, max_size=4))
def test_several_strata_are_the_enumeration_of_all_tables(strata: list[Stratum]):
    informative = [s for s in strata if s.informs]
    p = enumerated_tail(informative, sum(s.bad_inside for s in informative))
    assert math.exp(log_p_value(strata)) == pytest.approx(p, rel=1e-10)


def test_tails_far_beyond_the_smallest_float_stay_exact():
    """P(all 500 bad units in one half of 100,000), by logarithms of factorials: e^-347.8; thrice as far in three."""
    one = Stratum(100_000, 500, 50_000, 500)
    expected = math.lgamma(50_001) - math.lgamma(49_501) - math.lgamma(100_001) + math.lgamma(99_501)
    assert log_p_value([one]) == pytest.approx(expected, rel=1e-9)
    assert log_p_value([one] * 3) == pytest.approx(3 * expected, rel=1e-9)
    assert 3 * expected < math.log(5e-324)


@given(st.lists(st.lists(tables(most=300).filter(lambda t: t.informs), min_size=1, max_size=4), min_size=1, max_size=6))
def test_levels_side_by_side_are_the_same_as_one_by_one(levels: list[list[Stratum]]):
    flat = [s for strata in levels for s in strata]
    columns = np.array([(s.units, s.bad, s.inside, s.bad_inside) for s in flat]).T
    start = np.cumsum([0, *map(len, levels)])
    product = np.concatenate([np.arange(len(strata)) for strata in levels])
    found = log_tails(Tables(np.arange(len(levels)), start, product, *columns))
    assert found == pytest.approx([log_p_value(strata) for strata in levels], rel=1e-9, abs=1e-12)
