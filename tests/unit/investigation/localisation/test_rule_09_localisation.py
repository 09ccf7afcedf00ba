"""Hard rule 9: a localisation answers with ranked suspects, groups what can't be told apart, and abstains."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.investigation.domain.localisation import (
    Attribute,
    BadUnits,
    Cells,
    Localisation,
    Orders,
    Population,
    PopulationInconsistent,
    ProductRun,
    Settings,
    explain,
    localise,
    orders_of,
    rounded,
    suspect_attributes,
    totals_of,
)
from tests.unit.investigation.localisation.populations import made, populations

LOT = [0] * 20 + [1] * 10 + [2] * 30
LOT_1_BAD = [0] * 20 + [1] * 9 + [0] * 31


def names(result: Localisation) -> list[list[str]]:
    return [[m.level for m in g.members] for g in result.groups]


def test_a_lot_that_all_three_tests_accuse_is_the_suspect():
    result = localise(made(([LOT], LOT_1_BAD)))
    top = result.groups[0]
    assert (names(result)[0], top.verdict, top.units, top.bad) == (["a-1"], "suspect", 10, 9)
    assert top.p_exact == pytest.approx(stats.hypergeom.sf(8, 60, 10, 9), rel=1e-9)
    assert top.p_adjusted == pytest.approx(3 * top.p_exact)
    assert top.p_permutation == pytest.approx(2 / 60)  # itself, and turned by one, where lot 1's tenth unit is bad
    assert (top.expected_bad, top.rate_inside, top.rate_outside, top.attributable_bad) == (1.5, 0.9, 0, 9)
    assert top.odds is not None
    assert math.isinf(top.odds.high)
    assert 1 < top.odds.low < top.odds.estimate


def test_levels_without_a_bad_unit_count_among_the_tests():
    assert localise(made(([LOT], LOT_1_BAD))).tests == 3


def test_stratifying_by_product_acquits_the_lot_that_only_the_bad_product_uses():
    """P0 is bad by its nature and uses lot 0 mostly, P1 is good: pooled, lot 0 is accused; within products it isn't."""
    bad_by_nature = ([[0, 0, 0, 1] * 16], [1, 0, 1, 1, 0, 1, 0, 0] * 8)
    good = ([[1, 1, 1, 0] * 16], [0] * 63 + [1])
    runs = (bad_by_nature, good)
    assert localise(made(*runs), settings=Settings(stratified=False)).groups[0].p_adjusted < 0.05
    assert not any(g.p_adjusted < 0.05 for g in localise(made(*runs)).groups)


def test_same_units_at_risk_bad_and_good_are_one_aliased_group_with_the_test_that_tells_them_apart():
    other = ([[0] * 5 + [1] * 3, [0] * 2 + [1] * 6], [0] * 8)  # tells nothing of the bad, but carries b-1 without a-1
    result = localise(made(([LOT, LOT], LOT_1_BAD), other))
    assert names(result)[0] == ["a-1", "b-1"]
    hint = result.groups[0].apart[0]
    assert (hint.how, hint.product, hint.units, hint.carries.level, hint.lacks.level) == (
        "inspect",
        "P1",
        3,
        "b-1",
        "a-1",
    )
    never_apart = localise(made(([LOT, LOT], LOT_1_BAD))).groups[0].apart
    assert [(h.how, h.carries.level, h.lacks.level) for h in never_apart] == [("make", "a-1", "b-1")]


def test_equal_numbers_of_other_units_are_not_aliased():
    """Same nine bad ones, ten units each, but each lot has a good unit of its own: two candidates, not one group."""
    apart = LOT.copy()
    apart[29], apart[30] = 2, 1
    assert sorted(names(localise(made(([LOT, apart], LOT_1_BAD))))[:2]) == [["a-1"], ["b-1"]]


def test_same_bad_but_different_good_units_are_nested_and_ranked_by_a_conditional_test():
    supplier = [0] * 15 + [1] * 20 + [0] * 25
    result = localise(made(([LOT, supplier], LOT_1_BAD), kinds=("lot", "supplier")))
    assert names(result)[:2] == [["a-1"], ["b-1"]]
    nested = result.groups[0].nested
    assert nested is not None
    assert (nested.inside, nested.answer) == (2, "narrower")
    assert nested.p_within == pytest.approx(stats.hypergeom.sf(8, 20, 10, 9), rel=1e-9)
    assert nested.p_rest == 1


def test_a_supplier_whose_other_lots_are_bad_too_stands_before_its_worst_lot():
    lots = [0] * 20 + [1] * 10 + [2] * 10 + [3] * 40
    bad = [0] * 20 + [1] * 9 + [0] + [1] * 8 + [0] * 42
    supplier = [0] * 20 + [1] * 20 + [0] * 40
    result = localise(made(([lots, supplier], bad), kinds=("lot", "supplier")))
    assert names(result)[0] == ["b-1"]
    assert {g.members[0].level: g.nested.answer for g in result.groups if g.nested} == {"a-1": "wider", "a-2": "wider"}


def test_a_bad_season_gives_lot_or_period_not_a_suspect():
    """Three lots in turn all through; the bad ones come in one stretch that two lots happen to share."""
    lot = [i // 6 for i in range(120)]
    bad = [int(30 <= i < 66 and i % 3 > 0) for i in range(120)]
    result = localise(made(([lot, [i // 20 for i in range(120)]], bad)))
    assert result.significant > 0
    assert {g.verdict for g in result.groups} <= {"lot_or_period", "not_significant"}


def test_a_lot_with_the_units_of_its_period_is_lot_or_period():
    result = localise(made(([LOT, LOT], LOT_1_BAD), kinds=("lot", "period")))
    assert (names(result)[0], result.groups[0].verdict) == (["a-1", "b-1"], "lot_or_period")


def test_only_a_lot_is_said_to_be_used_at_another_time():
    of_lots = localise(made(([LOT, LOT], LOT_1_BAD), kinds=("lot", "period")))
    top = of_lots.groups[0]
    times = replace(top, members=tuple(member for member in top.members if member.kind == "period"))
    of_times = replace(of_lots, groups=(times, *of_lots.groups[1:]))
    assert ("请在别的时段再用此批" in explain(of_lots, "zh"), "再用此批" in explain(of_times, "zh")) == (True, False)
    assert "can't tell the period from the lots used in it" in explain(of_times, "en")


def test_without_its_order_a_lot_is_never_a_suspect():
    result = localise(totals_of(made(([LOT], LOT_1_BAD))))
    top = result.groups[0]
    assert (top.verdict, top.p_permutation, top.p_time_blocks) == ("lot_or_period", None, None)


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_it_abstains_below_three_bad_units(bad: int):
    result = localise(made(([LOT], [1] * bad + [0] * (60 - bad))))
    assert result.abstained is not None
    assert (result.abstained.reason, result.abstained.have, result.abstained.enough) == ("too_few_bad", bad, 3)
    assert (result.groups, result.tests) == ((), 0)
    assert f"确认不良只有 {bad} 件，至少需要 3 件" in explain(result, "zh")


def test_it_abstains_where_nothing_can_be_compared():
    every_unit_bad, one_lot_only = ([[0, 0, 1]], [1, 1, 1]), ([[0] * 9], [1, 0, 1, 0, 1, 0, 0, 0, 0])
    for run in (every_unit_bad, one_lot_only):
        abstained = localise(made(run)).abstained
        assert abstained is not None
        assert abstained.reason == "no_contrast"


def test_the_sentence_tells_the_exact_p_and_the_one_after_holms_correction_each_by_its_name():
    result = localise(made(([LOT], LOT_1_BAD)))
    exact, adjusted = (f"{p:.3g}" for p in (result.groups[0].p_exact, result.groups[0].p_adjusted))
    assert exact != adjusted
    assert f"精确检验 p={exact}（Holm 校正后 {adjusted}），轮转置换 p=" in explain(result, "zh")
    assert f"exact test p={exact} ({adjusted} after Holm's correction), rotations p=" in explain(result, "en")
    tiny = replace(result, groups=(replace(result.groups[0], log_p_exact=-2000.0, log_p_adjusted=-1990.0),))
    assert "p=<1e-300 (<1e-300 after" in explain(tiny, "en")


def test_it_says_no_cause_when_there_is_none():
    result = localise(made(([[i % 3 for i in range(90)]], [int(i % 10 == 0) for i in range(90)])))
    assert (result.significant, result.suspects) == (0, ())
    assert "No cause found" in explain(result, "en")
    assert "未发现原因" in explain(result, "zh")


def test_it_says_how_many_items_have_no_lot():
    codes = [LOT, [0] * 60]
    codes[0] = [-1 if i in {0, 1, 20, 21} else lot for i, lot in enumerate(LOT)]
    result = localise(made((codes, LOT_1_BAD), kinds=("lot", "equipment"), unplaced=4))
    assert result.without_lot == 4 + 2  # units 20 and 21 are bad and have no lot
    assert [(m.attribute, m.units, m.bad) for m in result.missing] == [("a", 4, 2), ("b", 0, 0)]
    assert (result.groups[0].units, result.groups[0].bad) == (8, 7)
    assert result.groups[0].p_exact == pytest.approx(stats.hypergeom.sf(6, 56, 8, 7), rel=1e-9)


@given(populations())
@settings(max_examples=60, deadline=None)
def test_kept_totals_answer_as_the_whole_population(population: Population):
    whole = localise(population, settings=Settings(rotations=99))
    kept = localise(totals_of(population), orders_of(population), Settings(rotations=99))
    assert rounded(kept) == rounded(whole)


@given(populations(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_renaming_levels_and_reordering_attributes_changes_no_figure(population: Population, random):
    place = list(range(len(population.attributes)))
    random.shuffle(place)
    flipped = [len(a.levels) - 1 for a in population.attributes]
    runs = tuple(
        replace(
            run,
            codes=np.stack([np.where(run.codes[a] < 0, -1, flipped[a] - run.codes[a]) for a in place]),
        )
        for run in population.runs
    )
    attributes = tuple(replace(population.attributes[a], levels=population.attributes[a].levels[::-1]) for a in place)
    renamed = localise(Population(attributes=attributes, runs=runs), settings=Settings(rotations=99, shown=99))
    same = localise(population, settings=Settings(rotations=99, shown=99))

    def figures(result: Localisation) -> list[tuple[object, ...]]:
        shown = [g for g in result.groups if g.verdict != "not_significant"]
        return sorted(
            (sorted(m.level for m in g.members), f"{g.log_p_adjusted:.9g}", g.verdict, g.p_permutation) for g in shown
        )

    assert figures(renamed) == figures(same)
    assert (renamed.tests, renamed.significant) == (same.tests, same.significant)


@given(populations(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_good_units_outside_never_make_a_level_look_better(population: Population, more: int):
    """A good unit that carries another lot makes the bad ones inside the first no more likely by chance."""
    widened = tuple(replace(a, levels=(*a.levels, "new")) for a in population.attributes)
    runs = tuple(
        ProductRun(
            product=run.product,
            codes=np.concatenate([run.codes, np.repeat([[len(a.levels) - 1] for a in widened], more, axis=1)], axis=1),
            bad=np.append(run.bad, [False] * more),
        )
        for run in population.runs
    )
    before = localise(population, settings=Settings(rotations=9))
    after = localise(
        Population(attributes=widened, runs=runs), settings=Settings(rotations=9, shown=99, alpha=0.999999)
    )
    now = {m: g.p_exact for g in after.groups for m in g.members}
    for group in before.groups:
        for member in group.members:
            if member in now:
                assert now[member] <= group.p_exact * (1 + 1e-9)


@given(populations())
@settings(max_examples=40, deadline=None)
def test_the_rounded_answer_is_json_of_six_digits_and_the_same_twice(population: Population):
    first, again = (rounded(localise(population, settings=Settings(rotations=99))) for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)


def test_a_p_value_below_the_smallest_float_keeps_its_digits():
    lots = [0] * 3000 + [1] * 3000
    result = localise(made(([lots], [1] * 2000 + [0] * 4000)), settings=Settings(rotations=9))
    text = rounded(result)["groups"][0]["p_exact"]
    mantissa, exponent = text.split("E")
    assert 1 <= float(mantissa) < 10
    assert int(exponent) == math.floor(result.groups[0].log_p_exact / math.log(10)) < -320


def test_only_the_attributes_under_suspicion_need_their_orders():
    population = made(([LOT, [i % 2 for i in range(60)]], LOT_1_BAD))
    totals = totals_of(population)
    assert suspect_attributes(totals) == (0,)
    some = localise(totals, Orders(codes={0: orders_of(population).codes[0]}))
    assert some.groups[0].p_permutation == pytest.approx(4 / 60)  # times two attributes
    assert some.rotations is not None
    assert (some.rotations.drawn, some.rotations.complete, some.rotations.levels) == (59, True, 3)


def test_contradictions_are_refused_with_what_they_are():
    totals = totals_of(made(([LOT], LOT_1_BAD)))
    foreign = BadUnits(product=totals.bad.product, position=totals.bad.position, codes=totals.bad.codes * 0)
    few = Cells(level=np.array([0, 1, 2]), product=np.zeros(3, np.int64), units=np.array([1, 10, 30]))
    with pytest.raises(PopulationInconsistent, match="more bad units than units at risk"):
        localise(replace(totals, cells=few, bad=foreign))
    with pytest.raises(PopulationInconsistent, match="beyond its product's last unit"):
        replace(totals, units=np.array([25]))
    with pytest.raises(PopulationInconsistent, match="a has a code without a level"):
        Population(
            attributes=(Attribute(name="a", levels=("only",)),),
            runs=(ProductRun(product="P0", codes=np.array([[1]]), bad=np.array([False])),),
        )
