"""How each event changes what the next decision asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from services.investigation.domain.flow import ledger
from services.investigation.domain.investigation.hearing import Hearing, heard
from services.investigation.domain.investigation.state import Investigation, Why
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
    TeamMemberAssigned,
)
from shared.contracts.investigation.responsibility import (
    TraceabilityReportIssued,
)

K = TypeVar("K")
V = TypeVar("V")


def evolve(state: Investigation, event: Event) -> Investigation:
    """Each part looks at its own events; unknown ones change nothing."""
    after = _responsibility(_causes(_case(state, event), event), event)
    nodes = ledger.evolve(after.nodes, event)
    return after if nodes is after.nodes else replace(after, nodes=nodes)


def _case(state: Investigation, event: Event) -> Investigation:  # noqa: PLR0911 - one return an event
    match event:
        case InvestigationOpened():
            return replace(state, id=event.investigation_id, flow=event.flow, flow_version=event.flow_version)
        case ComplaintJoined():
            return replace(state, complaints={**state.complaints, event.complaint_id: event})
        case ComplaintLeft():
            return replace(
                state,
                complaints=_without(state.complaints, event.complaint_id),
                verified={key: v for key, v in state.verified.items() if key[0] != event.complaint_id},
            )
        case TeamMemberAssigned():
            return replace(state, team=state.team | {(event.subject, event.role)})
        case ItemVerified():
            key = event.complaint_id, event.item_no
            return replace(state, verified={**state.verified, key: event.outcome})
        case InvestigationConcluded():
            return replace(state, concluded=event.outcome)
        case InvestigationReopened():
            return replace(state, concluded=None)
        case TraceabilityReportIssued():
            return replace(state, reports=state.reports | {event.report_id})
        case _:
            return state


def _causes(state: Investigation, event: Event) -> Investigation:  # noqa: PLR0911 - one return an event
    match event:
        case WhyAsked():
            return replace(state, whys={**state.whys, event.why_id: Why(event)})
        case WhyAnswered():
            why = replace(state.whys[event.why_id], answered=event)
            return replace(state, whys={**state.whys, event.why_id: why})
        case CauseProposed():
            return replace(state, causes={**state.causes, event.cause_id: True})
        case CauseRuledOut():
            return replace(state, causes={**state.causes, event.cause_id: False})
        case RootCauseConfirmed():
            return replace(state, roots={**state.roots, event.root_cause_id: event})
        case RootCauseWithdrawn():
            return replace(
                state,
                roots=_without(state.roots, event.root_cause_id),
                shares=_without(state.shares, event.root_cause_id),
                without_capa=state.without_capa - {event.root_cause_id},
                withdrawn=state.withdrawn | {event.root_cause_id},
            )
        case CapaNotRequired():
            return replace(state, without_capa=state.without_capa | {event.root_cause_id})
        case _:
            return state


def _responsibility(state: Investigation, event: Event) -> Investigation:
    if not isinstance(event, Hearing):
        return state
    shares = heard(state.shares.get(event.root_cause_id), event)
    return replace(state, shares={**state.shares, event.root_cause_id: shares})


def _without(mapping: Mapping[K, V], key: K) -> dict[K, V]:
    return {k: v for k, v in mapping.items() if k != key}
