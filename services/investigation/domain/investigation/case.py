"""Opening and joining, the team and its problem, verification and cross-check, conclusion and reopening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from services.investigation.domain.errors import (
    AlreadyOpened,
    BlankText,
    ComplaintNotJoined,
    ConfirmedCauseStands,
    ConfirmedItemStands,
    ItemUnknown,
    LegHasCause,
    LegWithoutCause,
    MoreThanDelivered,
    NoConfirmedCause,
    NotConcluded,
    NotHandedOver,
    QuantityNotPositive,
    StatementNames,
)
from services.investigation.domain.investigation.chain import missing_legs
from services.investigation.domain.investigation.commands import (
    AssignTeamMember,
    CaseCommand,
    Conclude,
    JoinComplaint,
    LeaveComplaint,
    OpenInvestigation,
    RecordCrossCheck,
    Reopen,
    StateProblem,
    VerifyItem,
)
from services.investigation.domain.investigation.requiring import cited, said, still_open
from services.investigation.domain.investigation.state import Investigation
from services.investigation.domain.report.confidential import named_in
from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.investigation.investigation import (
    ComplaintLeft,
    InvestigationConcluded,
    InvestigationOpened,
    InvestigationReopened,
    ItemVerified,
    ProblemStated,
    RecordsCrossChecked,
    TeamMemberAssigned,
)

Events = Sequence[Event]


def decide(command: CaseCommand, state: Investigation) -> Events:  # noqa: PLR0911 - one return a command
    match command:
        case OpenInvestigation():
            return open_investigation(command, state)
        case JoinComplaint():
            return join_complaint(command, state)
        case LeaveComplaint():
            return leave_complaint(command, state)
        case AssignTeamMember():
            return assign_team_member(command, state)
        case StateProblem():
            return state_problem(command, state)
        case VerifyItem():
            return verify_item(command, state)
        case RecordCrossCheck():
            return record_cross_check(command, state)
        case Conclude():
            return conclude(command, state)
        case Reopen():
            return reopen(command, state)
        case _:
            assert_never(command)


def open_investigation(command: OpenInvestigation, state: Investigation) -> Events:
    if state.id is not None:
        raise AlreadyOpened(investigation_id=str(state.id))
    opened = InvestigationOpened(
        investigation_id=command.investigation_id,
        investigation_no=command.investigation_no,
        flow=command.flow,
        flow_version=command.flow_version,
        from_complaint=command.joined.complaint_id if command.joined else None,
    )
    return [opened, command.joined] if command.joined else [opened]


def join_complaint(command: JoinComplaint, state: Investigation) -> Events:
    """Joining again what is joined changes nothing."""
    known = state.known
    if command.complaint_id in state.complaints:
        return []
    still_open(state)
    if command.joined is None:
        raise NotHandedOver(complaint_id=str(command.complaint_id))
    return [replace(command.joined, investigation_id=known)]


def leave_complaint(command: LeaveComplaint, state: Investigation) -> Events:
    still_open(state)
    said(reason=command.reason)
    if command.complaint_id not in state.complaints:
        raise ComplaintNotJoined(complaint_id=str(command.complaint_id))
    return [ComplaintLeft(investigation_id=state.known, complaint_id=command.complaint_id, reason=command.reason)]


def assign_team_member(command: AssignTeamMember, state: Investigation) -> Events:
    still_open(state)
    said(subject=command.subject)
    if (command.subject, command.role) in state.team:
        return []
    return [TeamMemberAssigned(investigation_id=state.known, subject=command.subject, role=command.role)]


def state_problem(command: StateProblem, state: Investigation) -> Events:
    still_open(state)
    said(statement=command.statement)
    return [
        ProblemStated(
            investigation_id=state.known,
            statement=command.statement,
            what=command.what,
            where=command.where,
            when=command.when,
            who=command.who,
            why=command.why,
            how=command.how,
            how_many=command.how_many,
        )
    ]


def verify_item(command: VerifyItem, state: Investigation) -> Events:
    """A verification names its evidence, whatever it comes to; verifying again is a new finding (rule 17)."""
    still_open(state)
    item = _item(state, command)
    cited(command.evidence, "verification")
    if command.outcome == "confirmed" and command.quantity <= 0:
        raise QuantityNotPositive(quantity=str(command.quantity))
    if item.quantity_delivered is not None and command.quantity > item.quantity_delivered:
        raise MoreThanDelivered(quantity=command.quantity, delivered=item.quantity_delivered)
    return [
        ItemVerified(
            investigation_id=state.known,
            complaint_id=command.complaint_id,
            item_no=command.item_no,
            outcome=command.outcome,
            product=command.product or item.product,
            quantity=command.quantity,
            defect_codes=command.defect_codes,
            evidence=command.evidence,
            note=command.note,
            lot=command.lot or item.lot,
            production_date=command.production_date,
        )
    ]


def record_cross_check(command: RecordCrossCheck, state: Investigation) -> Events:
    still_open(state)
    _item(state, command)
    if not command.checks:
        raise BlankText(name="checks")
    return [
        RecordsCrossChecked(
            investigation_id=state.known,
            complaint_id=command.complaint_id,
            item_no=command.item_no,
            checks=command.checks,
            facts_position=command.facts_position,
        )
    ]


def conclude(command: Conclude, state: Investigation) -> Events:
    """Rule 19. The outcome can't contradict what stands, and the statement is fit for the customer (rule 16)."""
    still_open(state)
    said(tried=command.tried, statement=command.statement)
    _outcome_fits(command, state)
    _legs_accounted_for(command, state)
    parties = {s.party for shares in state.shares.values() for s in shares.shares}
    outside = {p.code for p in parties if p.kind in ("supplier", "carrier", "dealer", "designer")}
    accounts = {joined.account for joined in state.complaints.values() if joined.account}
    word = named_in(command.statement, command.confidential | outside | accounts)
    if word is not None:
        raise StatementNames(word=word)
    return [
        InvestigationConcluded(
            investigation_id=state.known,
            outcome=command.outcome,
            tried=command.tried,
            statement=command.statement,
            complaints=tuple(state.complaints),
            inapplicable=command.inapplicable,
        )
    ]


def reopen(command: Reopen, state: Investigation) -> Events:
    said(reason=command.reason)
    if state.concluded is None:
        raise NotConcluded
    return [InvestigationReopened(investigation_id=state.known, reason=command.reason)]


def _outcome_fits(command: Conclude, state: Investigation) -> None:
    if command.outcome == "root_cause_confirmed" and not state.roots:
        raise NoConfirmedCause
    if command.outcome not in ("root_cause_confirmed", "external") and state.roots:
        raise ConfirmedCauseStands
    if command.outcome in ("not_confirmed", "ntf", "use_error"):
        for (complaint_id, item_no), outcome in state.verified.items():
            if outcome == "confirmed":
                raise ConfirmedItemStands(complaint_id=str(complaint_id), item_no=item_no, outcome=command.outcome)


def _legs_accounted_for(command: Conclude, state: Investigation) -> None:
    """Rule 10: each leg of an 8D has its root cause, or a reason why it has none."""
    for one in command.inapplicable:
        said(reason=one.reason)
        if any(root.leg == one.leg for root in state.roots.values()):
            raise LegHasCause(leg=one.leg)
    excused = {one.leg for one in command.inapplicable}
    if command.outcome == "root_cause_confirmed":
        for leg in missing_legs(state):
            if leg not in excused:
                raise LegWithoutCause(leg=leg)


def _item(state: Investigation, command: VerifyItem | RecordCrossCheck) -> ComplaintItem:
    if command.complaint_id not in state.complaints:
        raise ComplaintNotJoined(complaint_id=str(command.complaint_id))
    item = state.item(command.complaint_id, command.item_no)
    if item is None:
        raise ItemUnknown(complaint_id=str(command.complaint_id), item_no=command.item_no)
    return item
