"""The exclusion ledger (排除台账): what is known of each node, and by which evidence it was cleared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.investigation.domain.facts.record import FactId, fact_id, fact_ids
from shared.contracts.event import Event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.cause import RootCauseConfirmed, RootCauseWithdrawn
from shared.contracts.investigation.investigation import (
    Finding,
    NodeCleared,
    NodeExamined,
    NodeReopened,
    SuspectNodeIdentified,
)
from shared.contracts.words import NodeStatus


@dataclass(frozen=True, slots=True)
class Entry:
    """`rests_on`: the facts a clearing stands or falls with, those of its evidence and of the examinations before it.

    `examined` holds each lot's latest findings; a reopening forgets them, since they rest on what was corrected.
    """

    standing: NodeStatus = "unexamined"
    examined: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    cleared_by: tuple[EvidenceRef, ...] = ()
    ground: str | None = None
    rests_on: frozenset[FactId] = frozenset()
    corrections: tuple[tuple[EvidenceRef, EvidenceRef], ...] = ()
    faults: frozenset[UUID] = frozenset()

    @property
    def cited(self) -> tuple[EvidenceRef, ...]:
        """What it was cleared by, and what the examinations quote."""
        seen = (ref for findings in self.examined.values() for finding in findings for ref in finding.evidence)
        return (*self.cleared_by, *seen)

    @property
    def stands_on(self) -> frozenset[FactId]:
        """The facts whose correction reopens the node: what it was cleared by, or was examined in before it is."""
        if self.standing == "cleared":
            return self.rests_on
        return fact_ids(self.cited) if self.standing in ("examined", "reopened") else frozenset()

    @property
    def status(self) -> NodeStatus:
        return "faulty" if self.faults else self.standing

    def open_finding(self) -> tuple[str, Finding] | None:
        """The first lot and finding that isn't in order: a deviation, or a record missing where one must be."""
        for lot, findings in sorted(self.examined.items()):
            for finding in findings:
                if finding.answer != "in_order":
                    return lot, finding
        return None


Ledger = Mapping[str, Entry]


def evolve(ledger: Ledger, event: Event) -> Ledger:  # noqa: PLR0911 - one return an event
    """The ledger after an event; the same object for events that say nothing of nodes."""
    match event:
        case NodeExamined():
            return _with(ledger, event.node, _examined(_entry(ledger, event.node), event))
        case NodeCleared():
            return _with(ledger, event.node, _cleared(_entry(ledger, event.node), event))
        case NodeReopened():
            return _with(ledger, event.node, _reopened(_entry(ledger, event.node), event))
        case SuspectNodeIdentified():
            entry = replace(_entry(ledger, event.node), standing="suspect", ground=event.ground, cleared_by=())
            return _with(ledger, event.node, replace(entry, rests_on=frozenset()))
        case RootCauseConfirmed():
            entry = _entry(ledger, event.node)
            return _with(ledger, event.node, replace(entry, faults=entry.faults | {event.root_cause_id}))
        case RootCauseWithdrawn():
            return {node: replace(entry, faults=entry.faults - {event.root_cause_id}) for node, entry in ledger.items()}
        case _:
            return ledger


def _entry(ledger: Ledger, node: str) -> Entry:
    return ledger.get(node, Entry())


def _with(ledger: Ledger, node: str, entry: Entry) -> Ledger:
    return {**ledger, node: entry}


def _examined(entry: Entry, event: NodeExamined) -> Entry:
    after = replace(entry, examined={**entry.examined, event.lot: event.findings})
    if any(finding.answer != "in_order" for finding in event.findings):
        return replace(after, standing="suspect", cleared_by=(), rests_on=frozenset())
    return replace(after, standing="examined") if entry.standing == "unexamined" else after


def _cleared(entry: Entry, event: NodeCleared) -> Entry:
    after = replace(entry, standing="cleared", cleared_by=event.evidence, ground=event.ground)
    return replace(after, rests_on=fact_ids(after.cited))


def _reopened(entry: Entry, event: NodeReopened) -> Entry:
    corrected = fact_id(event.corrected)
    still = {
        lot: findings
        for lot, findings in entry.examined.items()
        if corrected not in fact_ids(ref for finding in findings for ref in finding.evidence)
    }
    return replace(
        entry,
        standing="reopened",
        examined=still,
        cleared_by=(),
        rests_on=frozenset(),
        corrections=(*entry.corrections, (event.corrected, event.correction)),
    )
