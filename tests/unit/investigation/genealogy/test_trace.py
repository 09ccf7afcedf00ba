"""Traces beside a slow reference that knows nothing of frontiers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.investigation.domain.genealogy.trace import Edge, inspections_by_lot, walk
from tests.unit.investigation.case import states as s

AT = datetime(2026, 1, 1, tzinfo=UTC)
LOTS = st.sampled_from([f"L{n}" for n in range(9)])


def edge(source: str, target: str, nth: int = 0) -> Edge:
    return Edge(input_lot=source, output_lot=target, at=AT + timedelta(minutes=nth), evidence=s.fact(nth))


edges_of_graphs = st.lists(st.tuples(LOTS, LOTS), max_size=30).map(
    lambda pairs: [edge(a, b, n) for n, (a, b) in enumerate(pairs)]
)


def slow(start: str, edges: list[Edge], *, backward: bool) -> dict[str, int]:
    """Shortest distances by relaxing every edge as often as there are lots (Bellman–Ford)."""
    distance = {start: 0}
    for _ in range(10):
        for one in edges:
            near, far = (one.output_lot, one.input_lot) if backward else (one.input_lot, one.output_lot)
            if near in distance:
                distance[far] = min(distance.get(far, 99), distance[near] + 1)
    return distance


@given(edges_of_graphs, st.booleans())
def test_a_trace_reaches_what_the_slow_reference_reaches_in_as_many_steps(edges, backward):
    trace = walk("L0", "backward" if backward else "forward", edges)
    reached = slow("L0", edges, backward=backward)
    assert dict(trace.levels) == reached
    near = {one.output_lot if backward else one.input_lot for one in trace.edges}
    expected = [e for e in edges if (e.output_lot if backward else e.input_lot) in reached]
    assert sorted(trace.edges, key=lambda e: e.at) == expected
    assert near <= set(reached)
    assert trace.complete


def test_a_cycle_ends_by_itself():
    trace = walk("A", "forward", [edge("A", "B", 1), edge("B", "C", 2), edge("C", "A", 3)])
    assert dict(trace.levels) == {"A": 0, "B": 1, "C": 2}
    assert len(trace.edges) == 3


def test_limits_are_said_when_reached_and_only_then():
    line = [edge(f"L{n}", f"L{n + 1}", n) for n in range(5)]
    assert walk("L0", "forward", line, max_levels=5).stopped_by == frozenset()
    short = walk("L0", "forward", line, max_levels=3)
    assert (short.stopped_by, short.unexplored, max(short.levels.values())) == ({"depth"}, {"L3"}, 3)
    fan = [edge("A", f"B{n}", n) for n in range(5)]
    wide = walk("A", "forward", fan, max_lots=3)
    assert (wide.stopped_by, sorted(wide.levels), wide.unexplored) == ({"breadth"}, ["A", "B0", "B1"], {"A"})


def test_each_lot_of_the_trace_carries_its_inspections():
    trace = walk("B", "backward", [edge("A", "B")])
    passed = s.record("incoming_inspection", lot="A", result="pass", report="I-1", characteristic="MFR")
    other = s.record("incoming_inspection", lot="Z", result="fail", report="I-2", characteristic="MFR")
    assert inspections_by_lot(trace, [passed, other]) == {"B": (), "A": (passed,)}
