from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.facts import CauseFact
from services.analytics.domain.kpi.failures import NO_CODE, pareto_by_defect, pareto_by_node
from services.analytics.domain.kpi.pareto import pareto
from tests.unit.analytics.cases import MONDAY, UUID, item


def test_counts_fall_and_the_cumulative_share_rises_to_one():
    bars = pareto([("b", "x")] * 3 + [("a", "x")] * 4 + [("c", "y")] * 1)
    assert [(b.label, b.count, b.share, b.cumulative) for b in bars] == [
        ("a", 4, Decimal("0.5000"), Decimal("0.5000")),
        ("b", 3, Decimal("0.3750"), Decimal("0.8750")),
        ("c", 1, Decimal("0.1250"), Decimal("1.0000")),
    ]


def test_ties_stand_in_the_order_of_their_labels():
    entries = [("z", "x"), ("m", "x"), ("a", "x"), ("q", "x"), ("q", "x")]
    assert [bar.label for bar in pareto(entries)] == ["q", "a", "m", "z"]
    assert pareto(entries) == pareto(reversed(entries))


def test_nothing_gives_no_bars():
    assert pareto([]) == []


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xy"))))
def test_nothing_is_lost_and_nothing_counted_twice(entries):
    bars = pareto(entries)
    assert sum(bar.count for bar in bars) == len(entries)
    assert all(sum(bar.split.values()) == bar.count for bar in bars)
    assert [bar.count for bar in bars] == sorted((bar.count for bar in bars), reverse=True)
    assert not bars or bars[-1].cumulative == 1


def test_by_defect_split_by_verdict():
    items = [
        item(1, outcome="confirmed"),
        item(2, outcome="ntf"),
        item(3, defect_codes=("D-2", "D-1", "D-2")),
        item(4, defect_codes=(), outcome="use_error"),
    ]
    assert [(bar.label, bar.count, bar.split) for bar in pareto_by_defect(items)] == [
        ("D-1", 3, {"justified": 1, "ntf": 1, "pending": 1}),
        (NO_CODE, 1, {"not_justified": 1}),
        ("D-2", 1, {"pending": 1}),
    ]


def test_by_node_split_by_leg():
    def cause(nth, node, leg):
        return CauseFact(
            root_cause_id=UUID(int=nth),
            investigation_id=UUID(int=1),
            statement="",
            node=node,
            leg=leg,
            category="machine",
            products=("P-1",),
            defect_codes=(),
            confirmed_at=MONDAY,
        )

    bars = pareto_by_node([cause(1, "op-20", "occurrence"), cause(2, "final", "escape"), cause(3, "op-20", "systemic")])
    assert [(bar.label, bar.count, bar.split) for bar in bars] == [
        ("op-20", 2, {"occurrence": 1, "systemic": 1}),
        ("final", 1, {"escape": 1}),
    ]
