"""What the next decision about a complaint asks, as the fold of its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.domain.complaint import clocks, correction
from services.intake.domain.complaint.clocks import Clocks
from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintClosed,
    ComplaintDetailsCorrected,
    ComplaintHandedOver,
    ComplaintRegistered,
    ComplaintReopened,
    ComplaintTriaged,
    CustomerResponseSent,
    InvestigationOutcomeRecorded,
    RemedyCompleted,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
)
from shared.contracts.words import InvestigationOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`form` is the registration with every correction applied; None: not registered yet.

    `replied`: a person has acknowledged or answered. `resolutions` were offered so far, `offer` is the one in force.
    """

    form: ComplaintRegistered | None = None
    acknowledged_at: datetime | None = None
    replied: bool = False
    triage: ComplaintTriaged | None = None
    investigation_id: UUID | None = None
    own_investigation: bool = False
    """It was handed over to a new investigation, opened for it."""
    outcome: InvestigationOutcome | None = None
    decision_told: bool = False
    resolutions: int = 0
    offer: ResolutionOffered | None = None
    answer: Literal["customer", "silence", "rejected"] | None = None
    remedied: bool = False
    closed: bool = False
    clocks: Clocks = ()


INITIAL = Complaint()


def evolve(state: Complaint, event: Event) -> Complaint:  # noqa: PLR0911 - one line an event
    state = replace(state, clocks=clocks.evolve(state.clocks, event))
    match event:
        case ComplaintRegistered():
            return replace(state, form=event)
        case ComplaintDetailsCorrected() if state.form is not None:
            return replace(state, form=correction.apply(state.form, event))
        case ComplaintAcknowledged(acknowledged_at=at, automatic=automatic):
            return replace(state, acknowledged_at=at, replied=state.replied or not automatic)
        case ComplaintTriaged():
            return replace(state, triage=event)
        case ComplaintHandedOver(investigation_id=investigation_id, mode=mode):
            return replace(state, investigation_id=investigation_id, own_investigation=mode == "open")
        case InvestigationOutcomeRecorded(outcome=outcome):
            return replace(state, outcome=outcome)
        case _:
            return _evolve_answer(state, event)


def _evolve_answer(state: Complaint, event: Event) -> Complaint:  # noqa: PLR0911 - one line an event
    match event:
        case CustomerResponseSent(automatic=automatic, tells_decision=tells):
            told = state.decision_told or tells
            return replace(state, replied=state.replied or not automatic, decision_told=told)
        case ResolutionOffered(resolution_no=number):
            return replace(state, resolutions=number, offer=event, answer=None, remedied=False)
        case ResolutionAccepted(by=by):
            return replace(state, answer=by)
        case ResolutionRejected():
            return replace(state, answer="rejected")
        case RemedyCompleted():
            return replace(state, remedied=True)
        case ComplaintClosed():
            return replace(state, closed=True)
        case ComplaintReopened():
            return replace(state, closed=False, offer=None, answer=None, remedied=False, decision_told=False)
        case _:
            return state
