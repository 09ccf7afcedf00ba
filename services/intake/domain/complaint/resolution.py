"""From the answer to the customer to closure (rule 15; ISO 10002:2018 7.7-7.9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.intake.domain.complaint.commands import (
    AcceptResolution,
    CloseComplaint,
    CompleteRemedy,
    OfferResolution,
    RecordSatisfaction,
    RejectResolution,
    ReopenComplaint,
    Respond,
)
from services.intake.domain.complaint.state import Complaint
from services.intake.domain.errors import (
    ComplaintIsOpen,
    NoOpenOffer,
    NotAccepted,
    NotReadyToClose,
    NotSilentYet,
    OfferStillOpen,
    RemedyDoesNotFit,
    ScoreOutOfRange,
    said,
)
from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintClosed,
    ComplaintRegistered,
    ComplaintReopened,
    CustomerResponseSent,
    RemedyCompleted,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
    SatisfactionRecorded,
)

LOWEST_SCORE, HIGHEST_SCORE = 1, 5
"""From very dissatisfied to very satisfied."""

MISSING = {
    "decision_told": ("已把决定告知客户", "the decision told to the customer"),
    "resolution_accepted": ("客户接受或按期沉默", "the customer's acceptance, or silence for the published period"),
    "remedy_done": ("补救完成", "the remedy done"),
}


def respond(command: Respond, form: ComplaintRegistered) -> Sequence[Event]:
    return (
        CustomerResponseSent(
            complaint_id=form.complaint_id,
            subject_id=form.subject_id,
            channel=command.channel,
            body=command.body,
            automatic=command.automatic,
            tells_decision=command.tells_decision,
            sent_at=command.now,
        ),
    )


def offer(command: OfferResolution, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """A rejected or accepted offer may be followed by a new one; an open one may not. Numbers are never reused."""
    if state.offer is not None and state.answer is None:
        raise OfferStillOpen(resolution_no=state.offer.resolution_no)
    return (
        ResolutionOffered(
            complaint_id=form.complaint_id,
            resolution_no=state.resolutions + 1,
            resolution=command.resolution,
            terms=command.terms,
            respond_by=command.now + timedelta(days=command.sla.silence_days),
            policy=command.sla.policy,
            policy_version=command.sla.version,
        ),
    )


def accept(command: AcceptResolution, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    open_offer = _open_offer(state, form)
    if command.by == "silence" and command.now < open_offer.respond_by:
        raise NotSilentYet(respond_by=open_offer.respond_by)
    return (ResolutionAccepted(complaint_id=form.complaint_id, resolution_no=open_offer.resolution_no, by=command.by),)


def reject(command: RejectResolution, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    return (
        ResolutionRejected(
            complaint_id=form.complaint_id,
            subject_id=form.subject_id,
            resolution_no=_open_offer(state, form).resolution_no,
            recourse=command.recourse,
            words=command.words,
        ),
    )


def complete_remedy(command: CompleteRemedy, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """A replacement names its serial, a refund its amount and currency."""
    if state.offer is None or state.answer not in ("customer", "silence"):
        raise NotAccepted
    _check_remedy(command, state.offer)
    if state.remedied:
        return ()
    return (
        RemedyCompleted(
            complaint_id=form.complaint_id,
            resolution_no=state.offer.resolution_no,
            completed_at=command.now,
            note=command.note,
            replacement_serial=command.replacement_serial,
            refund_amount=command.refund_amount,
            refund_currency=command.refund_currency,
        ),
    )


def close(command: CloseComplaint, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """Doesn't wait for any CAPA: what counts is what the customer was told, offered and given.

    Where an explanation was offered (no fault found, say), the told decision is the remedy: none is recorded beside it.
    """
    missing = tuple(_missing(state))
    if missing or state.answer not in ("customer", "silence"):
        raise NotReadyToClose(
            complaint_no=form.complaint_no,
            missing=missing,
            missing_zh="、".join(MISSING[name][0] for name in missing),
            missing_en="; ".join(MISSING[name][1] for name in missing),
        )
    return (ComplaintClosed(complaint_id=form.complaint_id, closed_at=command.now, accepted_by=state.answer),)


def reopen(command: ReopenComplaint, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    said(command.reason)
    if not state.closed:
        raise ComplaintIsOpen(complaint_no=form.complaint_no)
    return (ComplaintReopened(complaint_id=form.complaint_id, reason=command.reason),)


def record_satisfaction(command: RecordSatisfaction, form: ComplaintRegistered) -> Sequence[Event]:
    if not LOWEST_SCORE <= command.score <= HIGHEST_SCORE:
        raise ScoreOutOfRange(score=command.score)
    return (SatisfactionRecorded(complaint_id=form.complaint_id, score=command.score),)


def _missing(state: Complaint) -> Sequence[str]:
    explained = state.offer is not None and state.offer.resolution == "explanation"
    done = {
        "decision_told": state.decision_told,
        "resolution_accepted": state.answer in ("customer", "silence"),
        "remedy_done": state.remedied or explained,
    }
    return [name for name, is_done in done.items() if not is_done]


def _open_offer(state: Complaint, form: ComplaintRegistered) -> ResolutionOffered:
    if state.offer is None or state.answer is not None:
        raise NoOpenOffer(complaint_no=form.complaint_no)
    return state.offer


def _check_remedy(command: CompleteRemedy, offered: ResolutionOffered) -> None:
    paid = command.refund_amount is not None and command.refund_amount > 0 and command.refund_currency is not None
    if offered.resolution == "refund" and not paid:
        raise RemedyDoesNotFit(
            resolution="refund",
            names=("refund_amount", "refund_currency"),
            needs_zh="需要 refund_amount 和 refund_currency",
            needs_en="refund_amount and refund_currency are needed",
        )
    if offered.resolution == "replace" and command.replacement_serial is None:
        raise RemedyDoesNotFit(
            resolution="replace",
            names=("replacement_serial",),
            needs_zh="需要 replacement_serial（无序列号时写新批号）",
            needs_en="replacement_serial is needed (the new lot where there is no serial)",
        )
