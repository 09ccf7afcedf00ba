"""Backward and forward genealogy (谱系): which lots went into which, level by level.

The stepper asks for the edges of one frontier at a time, so the same code walks ten edges in a test and ten million
behind a port. Levels are shortest distances from the start, as ISO 22005:2007 5.2 asks: one step back, one forward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.investigation.domain.facts.record import FactRecord
from shared.contracts.evidence import EvidenceRef

Direction = Literal["backward", "forward"]
Limit = Literal["depth", "breadth"]

MAX_LEVELS = 25
MAX_LOTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`quantity` of the input lot, in `unit`, went into the output lot. `node` is the process node."""

    input_lot: str
    output_lot: str
    at: datetime
    evidence: EvidenceRef
    quantity: Decimal | None = None
    unit: str | None = None
    input_material: str | None = None
    output_material: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """`levels`: lot → steps from the start (0). `frontier`: lots whose edges are still to be asked for.

    `edges` never repeat; `stopped_by` says which limit cut the walk short, and `unexplored` at which lots.
    """

    start: str
    direction: Direction
    max_levels: int = MAX_LEVELS
    max_lots: int = MAX_LOTS
    levels: Mapping[str, int] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    frontier: tuple[str, ...] = ()
    stopped_by: frozenset[Limit] = frozenset()
    unexplored: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        return not self.stopped_by


def begin(start: str, direction: Direction, *, max_levels: int = MAX_LEVELS, max_lots: int = MAX_LOTS) -> Trace:
    return Trace(start, direction, max_levels, max_lots, levels={start: 0}, frontier=(start,))


def grown(trace: Trace, found: Iterable[Edge]) -> Trace:
    """The trace one level on, with all edges of its frontier. Cycles end by themselves: no lot is visited twice.

    An edge whose far lot no longer fits is left out, and the lot it came from is named as unexplored.
    """
    depth = trace.levels[trace.frontier[0]] + 1
    levels, kept, cut = dict(trace.levels), list(trace.edges), set(trace.unexplored)
    fresh: list[str] = []
    stopped: set[Limit] = set(trace.stopped_by)
    for edge in sorted(found, key=lambda e: (e.input_lot, e.output_lot, e.at)):
        near, far = _ends(edge, trace.direction)
        if far not in levels:
            limit = _limit(trace, depth, len(levels))
            if limit is not None:
                stopped.add(limit)
                cut.add(near)
                continue
            levels[far] = depth
            fresh.append(far)
        kept.append(edge)
    return replace(
        trace,
        levels=levels,
        edges=tuple(kept),
        frontier=tuple(fresh),
        stopped_by=frozenset(stopped),
        unexplored=frozenset(cut),
    )


def walk(start: str, direction: Direction, edges: Sequence[Edge], **limits: int) -> Trace:
    """The whole trace over edges in memory."""
    by_near: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_near[_ends(edge, direction)[0]].append(edge)
    trace = begin(start, direction, **limits)
    while trace.frontier:
        trace = grown(trace, [edge for lot in trace.frontier for edge in by_near.get(lot, ())])
    return trace


def inspections_by_lot(trace: Trace, records: Iterable[FactRecord]) -> Mapping[str, tuple[FactRecord, ...]]:
    """The inspection records of each lot in the trace; a lot without any is there with an empty tuple."""
    attached: dict[str, list[FactRecord]] = {lot: [] for lot in trace.levels}
    for record in records:
        lot = record.text("lot")
        if lot in attached:
            attached[lot].append(record)
    return {lot: tuple(found) for lot, found in attached.items()}


def edge_of(fact: FactRecord) -> Edge | None:
    """A genealogy fact as an edge; None where it lacks lots or time."""
    source, target, at = fact.text("input_lot"), fact.text("output_lot"), fact.moment("at")
    if source is None or target is None or at is None:
        return None
    return Edge(
        input_lot=source,
        output_lot=target,
        at=at,
        evidence=fact.evidence,
        quantity=fact.number("quantity"),
        unit=fact.text("unit"),
        input_material=fact.text("input_material"),
        output_material=fact.text("output_material"),
        node=fact.text("node"),
    )


def _ends(edge: Edge, direction: Direction) -> tuple[str, str]:
    if direction == "backward":
        return edge.output_lot, edge.input_lot
    return edge.input_lot, edge.output_lot


def _limit(trace: Trace, depth: int, lots: int) -> Limit | None:
    if depth > trace.max_levels:
        return "depth"
    return "breadth" if lots >= trace.max_lots else None
