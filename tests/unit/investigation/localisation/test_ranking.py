"""A localisation recorded as an event: canonical, with the figures of the result."""

from __future__ import annotations

from decimal import Decimal

from services.investigation.domain.investigation.commands import RankSuspects
from services.investigation.domain.investigation.ranking import ranking
from services.investigation.domain.localisation import localise
from shared.kernel import codec
from tests.unit.investigation.case import states as s
from tests.unit.investigation.localisation.populations import made

SPREAD = made(
    (
        [[0] * 40 + [1] * 160, [0] * 40 + [1] * 160],
        [n < 40 and n % 2 == 0 for n in range(200)],
    )
)


def test_a_ranking_keeps_the_groups_with_their_figures_and_survives_the_codec():
    result = localise(SPREAD)
    event = ranking(result, s.CASE, "total impurities ≥ 0.29", 3)
    assert [(c.attribute, c.level) for c in event.groups[0].members] == [("a", "a-0"), ("b", "b-0")]
    assert (event.groups[0].bad, event.groups[0].units) == (20, 40)
    assert event.groups[0].odds_high is None
    assert Decimal(0) < event.groups[0].p_exact < Decimal("1e-10")
    assert event.groups[0].p_exact <= event.groups[0].p_adjusted
    assert event.groups[0].apart_zh
    assert event.stratified_by == ("product",)
    assert codec.decode("investigation.SuspectsRanked", 1, codec.encode(event)) == event
    s.case.given(s.opened()).when(RankSuspects(ranking=event)).then(event)


def test_an_abstention_is_recorded_with_its_reason_and_no_groups():
    event = ranking(localise(made(([[0, 1, 0]], [True, False, True]))), s.CASE, "x", 0)
    assert (event.abstained, event.groups) == ("too_few_bad: 2 < 3", ())
