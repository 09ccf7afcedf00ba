"""Decisions about one complaint, from its first word to its closure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from services.intake.domain.complaint import attachments, correction, resolution
from services.intake.domain.complaint.clocks import promises, still_to_keep
from services.intake.domain.complaint.commands import (
    AcceptResolution,
    AcknowledgeComplaint,
    AddAttachment,
    BreachDeadline,
    CloseComplaint,
    ComplaintCommand,
    CompleteRemedy,
    CorrectDetail,
    HandOver,
    OfferResolution,
    RecordOutcome,
    RecordSatisfaction,
    RegisterAgain,
    RegisterComplaint,
    RejectResolution,
    ReopenComplaint,
    Respond,
    TriageComplaint,
)
from services.intake.domain.complaint.registration import check_form, refuse_other_content, registered
from services.intake.domain.complaint.state import INITIAL, Complaint, evolve
from services.intake.domain.errors import (
    AlreadyAcknowledged,
    AlreadyHandedOver,
    ComplaintIsClosed,
    InvestigationIsConcluded,
    NotBreached,
    NotTriaged,
    OverrideWithoutReason,
    said,
)
from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintHandedOver,
    ComplaintRegistered,
    ComplaintTriaged,
    DeadlineBreached,
    EmergencyResponseActivated,
    InvestigationOutcomeRecorded,
)
from shared.kernel.decider import Decider
from shared.kernel.errors import NotFound


def decide(command: ComplaintCommand, state: Complaint) -> Sequence[Event]:
    if isinstance(command, RegisterComplaint):
        return (registered(command),) if state.form is None else ()
    if state.form is None:
        raise NotFound(what="complaint", id="")
    if state.closed and not isinstance(command, _ALSO_WHEN_CLOSED):
        raise ComplaintIsClosed(complaint_no=state.form.complaint_no)
    return _decide(command, state, state.form)


_ALSO_WHEN_CLOSED = (
    RegisterAgain,
    CorrectDetail,
    AddAttachment,
    TriageComplaint,
    RecordOutcome,
    Respond,
    RecordSatisfaction,
    ReopenComplaint,
    BreachDeadline,
)

_Registered = (
    RegisterAgain
    | CorrectDetail
    | AddAttachment
    | AcknowledgeComplaint
    | TriageComplaint
    | HandOver
    | RecordOutcome
    | Respond
    | OfferResolution
    | AcceptResolution
    | RejectResolution
    | CompleteRemedy
    | RecordSatisfaction
    | CloseComplaint
    | ReopenComplaint
    | BreachDeadline
)


def _decide(command: _Registered, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:  # noqa: C901, PLR0911, PLR0912 - the table of contents
    match command:
        case RegisterAgain():
            refuse_other_content(form, command.content_sums)
            return ()
        case CorrectDetail():
            return _correct(command, form)
        case AddAttachment():
            return attachments.attach(command, form)
        case AcknowledgeComplaint():
            return _acknowledge(command, state, form)
        case TriageComplaint():
            return _triage(command, state, form)
        case HandOver():
            return _hand_over(command, state, form)
        case RecordOutcome():
            return _record_outcome(command, state, form)
        case Respond():
            return resolution.respond(command, form)
        case OfferResolution():
            return resolution.offer(command, state, form)
        case AcceptResolution():
            return resolution.accept(command, state, form)
        case RejectResolution():
            return resolution.reject(command, state, form)
        case CompleteRemedy():
            return resolution.complete_remedy(command, state, form)
        case RecordSatisfaction():
            return resolution.record_satisfaction(command, form)
        case CloseComplaint():
            return resolution.close(command, state, form)
        case ReopenComplaint():
            return resolution.reopen(command, state, form)
        case BreachDeadline():
            return _breach(command, state, form)
        case _:
            assert_never(command)


def _correct(command: CorrectDetail, form: ComplaintRegistered) -> Sequence[Event]:
    """Rule 2; the form as corrected must still be one that could be registered."""
    said(command.reason)
    event = correction.corrected(form, command.path, command.value, command.reason)
    check_form(correction.apply(form, event), command.now)
    return (event,)


def _acknowledge(command: AcknowledgeComplaint, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    if state.acknowledged_at is not None:
        raise AlreadyAcknowledged(complaint_no=form.complaint_no, at=state.acknowledged_at)
    return (
        ComplaintAcknowledged(complaint_id=form.complaint_id, acknowledged_at=command.now, automatic=command.automatic),
    )


def _triage(command: TriageComplaint, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """Rule 3: by the published version; another answer needs a reason; a re-triage never makes anybody late."""
    answer = command.answer or command.rule_answer
    overridden = answer != command.rule_answer
    if overridden and not (command.override_reason or "").strip():
        raise OverrideWithoutReason
    start = command.now if state.triage else form.received_at
    made = still_to_keep(promises(command.sla, answer.severity, start), state.clocks, state.replied)
    triaged = ComplaintTriaged(
        complaint_id=form.complaint_id,
        triage_no=state.triage.triage_no + 1 if state.triage else 1,
        rules=command.rules,
        rules_version=command.rules_version,
        inputs=command.inputs,
        matched_row=command.matched_row,
        why_zh=command.why_zh,
        why_en=command.why_en,
        rule_answer=command.rule_answer,
        answer=answer,
        promises=() if state.closed else made,
        override_reason=command.override_reason if overridden else None,
        after_closure=state.closed,
    )
    active = state.triage.answer.response_plan if state.triage else None
    if answer.response_plan in (None, active) or state.closed:
        return (triaged,)
    plan = EmergencyResponseActivated(
        complaint_id=form.complaint_id, plan=answer.response_plan, triage_no=triaged.triage_no
    )
    return (triaged, plan)


def _hand_over(command: HandOver, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """Never twice to the same, nor to a second one of its own while the first has no outcome.

    To another one it may go on, and that one's outcome then counts.
    """
    if state.triage is None:
        raise NotTriaged(complaint_no=form.complaint_no)
    one_more = command.mode == "open" and state.own_investigation and state.outcome is None
    if one_more or state.investigation_id == command.investigation_id:
        raise AlreadyHandedOver(complaint_no=form.complaint_no, investigation_id=str(state.investigation_id))
    if command.mode == "join":
        _still_there(command)
    return (
        ComplaintHandedOver(
            complaint_id=form.complaint_id,
            complaint_no=form.complaint_no,
            investigation_id=command.investigation_id,
            mode=command.mode,
            items=form.items,
            received_at=form.received_at,
            aware_at=form.aware_at,
            severity=state.triage.answer.severity,
            scope=state.triage.answer.scope,
            harm=form.harm,
            account=form.customer.account,
            region=form.customer.region,
            order_no=form.order_no,
            delivery_no=form.delivery_no,
            occurred_at=form.occurred_at,
            scenario=form.scenario,
        ),
    )


def _still_there(command: HandOver) -> None:
    """Handed over to nobody, nobody would be told."""
    if command.target is None:
        raise NotFound(what="investigation", id=str(command.investigation_id))
    if command.target.concluded:
        raise InvestigationIsConcluded(investigation_no=command.target.number)


def _record_outcome(command: RecordOutcome, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """From another investigation than its own (it has left that one) nothing is recorded."""
    if command.investigation_id != state.investigation_id:
        return ()
    return (
        InvestigationOutcomeRecorded(
            complaint_id=form.complaint_id,
            investigation_id=command.investigation_id,
            outcome=command.outcome,
            statement=command.statement,
        ),
    )


def _breach(command: BreachDeadline, state: Complaint, form: ComplaintRegistered) -> Sequence[Event]:
    """Only what is still due at that very instant and unmet is breached; met later still means breached then."""
    clock = next((c for c in state.clocks if c.clock == command.clock and c.due_at == command.due_at), None)
    if clock is None or clock.breached or (clock.met_at is not None and clock.met_at <= clock.due_at):
        raise NotBreached(clock=command.clock, due_at=command.due_at)
    return (DeadlineBreached(complaint_id=form.complaint_id, clock=command.clock, due_at=command.due_at),)


COMPLAINT: Decider[Complaint, ComplaintCommand] = Decider("complaint", INITIAL, decide, evolve)
