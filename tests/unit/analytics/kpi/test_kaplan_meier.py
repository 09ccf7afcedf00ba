"""The product-limit estimator against published values and against scipy."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.analytics.domain.kpi.kaplan_meier import Observation, curve, median

REMISSION_6MP = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED_6MP = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def seen(ended, censored=()):
    return [Observation(t, ended=True) for t in ended] + [Observation(t, ended=False) for t in censored]


def test_the_leukaemia_remissions_under_6_mp():
    """E. J. Freireich et al., Blood 21 (1963) 699-716; in E. A. Gehan, Biometrika 52 (1965) 203-223. Weeks."""
    steps = curve(seen(REMISSION_6MP, CENSORED_6MP))
    assert [(s.duration, s.under_way, s.ended) for s in steps] == [
        (6, 21, 3),
        (7, 17, 1),
        (10, 15, 1),
        (13, 12, 1),
        (16, 11, 1),
        (22, 7, 1),
        (23, 6, 1),
    ]
    published = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert [round(float(s.surviving), 4) for s in steps] == published
    assert median(steps) == 23


def test_the_placebo_group_has_a_median_of_eight_weeks():
    steps = curve(seen(PLACEBO))
    assert steps[0].surviving == Fraction(19, 21)
    assert median(steps) == 8
    assert steps[-1].surviving == 0


def test_while_more_than_half_are_under_way_there_is_no_median():
    assert median(curve(seen([5], [9, 9]))) is None
    assert median(curve([])) is None


def test_exactly_half_is_enough():
    assert median(curve(seen([3, 7]))) == 3


def test_leaving_out_the_open_ones_would_flatter():
    assert median(curve(seen([1, 2, 3]))) == 2
    assert median(curve(seen([1, 2, 3], [9] * 3))) == 3


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
def test_it_agrees_with_scipy(observations):
    steps = curve([Observation(t, ended=e) for t, e in observations])
    data = stats.CensoredData(uncensored=[t for t, e in observations if e], right=[t for t, e in observations if not e])
    if not steps:
        return
    theirs = stats.ecdf(data).sf
    assert np.allclose(theirs.evaluate([s.duration for s in steps]), [float(s.surviving) for s in steps])
