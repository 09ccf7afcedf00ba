"""The dossier (案卷): all that an investigation holds, for those who read it. Decisions use the smaller state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.investigation.domain.flow import ledger
from services.investigation.domain.flow.ledger import Ledger
from services.investigation.domain.investigation.state import Why
from shared.contracts.event import Event
from shared.contracts.investigation.cause import (
    CapaNotRequired,
    CauseProposed,
    CauseRuledOut,
    RootCauseConfirmed,
    RootCauseWithdrawn,
    WhyAnswered,
    WhyAsked,
)
from shared.contracts.investigation.investigation import (
    ComplaintJoined,
    ComplaintLeft,
    InvestigationConcluded,
    InvestigationOpened,
    InvestigationReopened,
    ItemVerified,
    ProblemStated,
    RecordsCrossChecked,
    SuspectsRanked,
    TeamMemberAssigned,
)
from shared.contracts.investigation.responsibility import (
    ResponsibilityAccepted,
    ResponsibilityConfirmed,
    ResponsibilityContested,
    ResponsibilityProposed,
    ResponsibilityRevised,
    ResponsibilityUpheld,
    TraceabilityReportIssued,
)

ResponsibilityEvent = (
    ResponsibilityProposed
    | ResponsibilityAccepted
    | ResponsibilityContested
    | ResponsibilityRevised
    | ResponsibilityUpheld
    | ResponsibilityConfirmed
)
ItemKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Dossier:
    """`responsibility` keeps every version of every root cause's shares, in order (rule 12)."""

    opened: InvestigationOpened | None = None
    complaints: Mapping[UUID, ComplaintJoined] = field(default_factory=dict)
    left: tuple[ComplaintLeft, ...] = ()
    team: tuple[TeamMemberAssigned, ...] = ()
    problem: ProblemStated | None = None
    verified: Mapping[ItemKey, ItemVerified] = field(default_factory=dict)
    checks: Mapping[ItemKey, RecordsCrossChecked] = field(default_factory=dict)
    nodes: Ledger = field(default_factory=dict)
    ranking: SuspectsRanked | None = None
    whys: Mapping[UUID, Why] = field(default_factory=dict)
    causes: Mapping[UUID, CauseProposed] = field(default_factory=dict)
    ruled_out: Mapping[UUID, CauseRuledOut] = field(default_factory=dict)
    roots: Mapping[UUID, RootCauseConfirmed] = field(default_factory=dict)
    withdrawn: tuple[RootCauseWithdrawn, ...] = ()
    without_capa: Mapping[UUID, CapaNotRequired] = field(default_factory=dict)
    responsibility: Mapping[UUID, tuple[ResponsibilityEvent, ...]] = field(default_factory=dict)
    concluded: InvestigationConcluded | None = None
    reports: tuple[TraceabilityReportIssued, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmedItems:
    """The lots of all items verified as confirmed, and how many such items name none."""

    lots: frozenset[str]
    without_lot: int


def confirmed_items(dossier: Dossier) -> ConfirmedItems:
    """The lot found by the verification, else the one claimed."""
    claimed = {(one.complaint_id, item.item_no): item.lot for one in dossier.complaints.values() for item in one.items}
    lots = [one.lot or claimed.get(key) for key, one in dossier.verified.items() if one.outcome == "confirmed"]
    return ConfirmedItems(frozenset(lot for lot in lots if lot), sum(not lot for lot in lots))


def gathered(events: Iterable[Event]) -> Dossier:
    dossier = Dossier()
    for event in events:
        dossier = evolve(dossier, event)
    return dossier


def evolve(dossier: Dossier, event: Event) -> Dossier:
    """Each part looks at its own events; unknown ones change nothing."""
    after = _causes(_case(dossier, event), event)
    if isinstance(event, ResponsibilityEvent):
        before = after.responsibility.get(event.root_cause_id, ())
        after = replace(after, responsibility={**after.responsibility, event.root_cause_id: (*before, event)})
    nodes = ledger.evolve(after.nodes, event)
    return after if nodes is after.nodes else replace(after, nodes=nodes)


def _case(dossier: Dossier, event: Event) -> Dossier:  # noqa: C901, PLR0911 - one case an event
    match event:
        case InvestigationOpened():
            return replace(dossier, opened=event)
        case ComplaintJoined():
            return replace(dossier, complaints={**dossier.complaints, event.complaint_id: event})
        case ComplaintLeft():
            return _left(dossier, event)
        case TeamMemberAssigned():
            return replace(dossier, team=(*dossier.team, event))
        case ProblemStated():
            return replace(dossier, problem=event)
        case ItemVerified():
            return replace(dossier, verified={**dossier.verified, (event.complaint_id, event.item_no): event})
        case RecordsCrossChecked():
            return replace(dossier, checks={**dossier.checks, (event.complaint_id, event.item_no): event})
        case SuspectsRanked():
            return replace(dossier, ranking=event)
        case InvestigationConcluded():
            return replace(dossier, concluded=event)
        case InvestigationReopened():
            return replace(dossier, concluded=None)
        case TraceabilityReportIssued():
            return replace(dossier, reports=(*dossier.reports, event))
        case _:
            return dossier


def _left(dossier: Dossier, event: ComplaintLeft) -> Dossier:
    gone = event.complaint_id
    return replace(
        dossier,
        complaints={one: joined for one, joined in dossier.complaints.items() if one != gone},
        verified={key: v for key, v in dossier.verified.items() if key[0] != gone},
        checks={key: c for key, c in dossier.checks.items() if key[0] != gone},
        left=(*dossier.left, event),
    )


def _causes(dossier: Dossier, event: Event) -> Dossier:  # noqa: PLR0911 - one return an event
    match event:
        case WhyAsked():
            return replace(dossier, whys={**dossier.whys, event.why_id: Why(event)})
        case WhyAnswered():
            why = replace(dossier.whys[event.why_id], answered=event)
            return replace(dossier, whys={**dossier.whys, event.why_id: why})
        case CauseProposed():
            return replace(dossier, causes={**dossier.causes, event.cause_id: event})
        case CauseRuledOut():
            return replace(dossier, ruled_out={**dossier.ruled_out, event.cause_id: event})
        case RootCauseConfirmed():
            return replace(dossier, roots={**dossier.roots, event.root_cause_id: event})
        case RootCauseWithdrawn():
            roots = {one: root for one, root in dossier.roots.items() if one != event.root_cause_id}
            return replace(dossier, roots=roots, withdrawn=(*dossier.withdrawn, event))
        case CapaNotRequired():
            return replace(dossier, without_capa={**dossier.without_capa, event.root_cause_id: event})
        case _:
            return dossier
