"""How each event changes what the next decision asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from services.investigation.domain.flow import ledger
from services.investigation.domain.investigation.state import Investigation, PartyAnswer, Shares, Why
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
    ResponsibilityAccepted,
    ResponsibilityConfirmed,
    ResponsibilityContested,
    ResponsibilityProposed,
    ResponsibilityRevised,
    ResponsibilityUpheld,
    Share,
    TraceabilityReportIssued,
)
from shared.contracts.party import Party

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
    match event:
        case ResponsibilityProposed():
            shares = Shares(event.proposal_no, frozenset({event.proposed_by}), event.shares, event.hear_by)
        case ResponsibilityRevised():
            shares = _revised(state.shares[event.root_cause_id], event)
        case ResponsibilityAccepted():
            shares = _spoken(state.shares[event.root_cause_id], event, "accepted")
        case ResponsibilityContested():
            before = state.shares[event.root_cause_id]
            shares = replace(_spoken(before, event, "contested"), confirmed=False)
            shares = replace(shares, decided=before.decided | {(event.party, event.stage)})
        case ResponsibilityUpheld():
            shares = _answered(state.shares[event.root_cause_id], event.party, "upheld")
        case ResponsibilityConfirmed():
            shares = replace(state.shares[event.root_cause_id], confirmed=True, ever_confirmed=True)
        case _:
            return state
    return replace(state, shares={**state.shares, event.root_cause_id: shares})


def _answered(shares: Shares, party: Party, answer: PartyAnswer) -> Shares:
    return replace(shares, answers={**shares.answers, party: answer})


def _spoken(shares: Shares, event: ResponsibilityAccepted | ResponsibilityContested, answer: PartyAnswer) -> Shares:
    who = frozenset() if event.answered_by is None else frozenset({(event.party, event.answered_by)})
    return replace(_answered(shares, event.party, answer), answerers=shares.answerers | who)


def _revised(before: Shares, event: ResponsibilityRevised) -> Shares:
    """Who accepted or was upheld and bears all the same as before needs no second hearing; all others are heard anew.

    A contested share that the revision doesn't answer stays contested.
    """
    unchanged = {p for p in before.parties if _borne(before.shares, p) == _borne(event.shares, p)}
    kept = {
        party: answer
        for party, answer in before.answers.items()
        if party not in event.answers and (answer == "contested" or party in unchanged)
    }
    return Shares(
        event.proposal_no,
        before.proposers | {event.proposed_by},
        event.shares,
        event.hear_by,
        answers=kept,
        answerers=before.answerers,
        ever_confirmed=before.ever_confirmed,
    )


def _borne(shares: tuple[Share, ...], party: Party) -> tuple[Share, ...]:
    """All that a party bears, in an order of its own."""
    return tuple(sorted((share for share in shares if share.party == party), key=lambda share: share.kind))


def _without(mapping: Mapping[K, V], key: K) -> dict[K, V]:
    return {k: v for k, v in mapping.items() if k != key}
