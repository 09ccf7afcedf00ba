"""Decisions about one action: planned, approved by another, done, verified by another (rule 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from services.capa.domain.capa.commands import (
    ActionCommand,
    ApproveAction,
    CancelAction,
    ChangeDueDate,
    CompleteAction,
    PlanAction,
    ReturnAction,
    StartAction,
    VerifyAction,
)
from services.capa.domain.capa.state import ANSWERS_A_CAUSE, Action, ActionStatus, Capa
from services.capa.domain.errors import (
    ActionNotInState,
    AnswersNothing,
    ApproverInvolved,
    CauseNotAddressed,
    CompletedInTheFuture,
    CriterionMissing,
    DueDateInThePast,
    DueDateUnchanged,
    OwnerMissing,
    ReasonMissing,
    VerifierCompleted,
)
from shared.contracts.capa.capa import (
    ActionApproved,
    ActionCancelled,
    ActionCompleted,
    ActionDueDateChanged,
    ActionPlanned,
    ActionReturned,
    ActionStarted,
    ActionVerified,
)
from shared.contracts.event import Event
from shared.kernel.errors import NotFound


def decide_action(command: ActionCommand, capa: Capa) -> Sequence[Event]:  # noqa: PLR0911 - one case a command
    match command:
        case PlanAction():
            return [_plan(command, capa)]
        case ApproveAction():
            return [_approve(command, capa)]
        case ReturnAction():
            return [_return(command, capa)]
        case StartAction():
            _in_state(capa, command.action_no, "approved")
            return [ActionStarted(capa_id=command.capa_id, action_no=command.action_no)]
        case CompleteAction():
            return [_complete(command, capa)]
        case VerifyAction():
            return [_verify(command, capa)]
        case CancelAction():
            return [_cancel(command, capa)]
        case ChangeDueDate():
            return [_change_due_date(command, capa)]
        case _:
            assert_never(command)


def _plan(command: PlanAction, capa: Capa) -> ActionPlanned:
    if command.revises is not None:
        _in_state(capa, command.revises, "returned")
    if not command.owner.strip():
        raise OwnerMissing
    if not command.criterion.strip():
        raise CriterionMissing
    if command.due_date < command.today:
        raise DueDateInThePast(due_date=command.due_date, today=command.today)
    _answers(command, capa)
    return ActionPlanned(
        capa_id=command.capa_id,
        action_no=command.revises or len(capa.actions) + 1,
        planned_by=command.by,
        kind=command.kind,
        title=command.title,
        owner=command.owner,
        department=command.department,
        due_date=command.due_date,
        criterion=command.criterion,
        root_cause_id=command.root_cause_id,
        complaint_id=command.complaint_id,
        risk=command.risk,
    )


def _answers(command: PlanAction, capa: Capa) -> None:
    """Corrective answers a confirmed cause, containment a complaint or a risk, preventive a potential cause."""
    risk = bool(command.risk and command.risk.strip())
    if command.kind in ANSWERS_A_CAUSE:
        if command.root_cause_id is None:
            raise AnswersNothing(kind=command.kind, names=("root_cause_id",))
    elif command.kind == "containment":
        if not risk and command.complaint_id is None:
            raise AnswersNothing(kind=command.kind, names=("complaint_id", "risk"))
    elif not risk:
        raise AnswersNothing(kind=command.kind, names=("risk",))
    if command.root_cause_id is not None and not capa.causes.get(command.root_cause_id, False):
        raise CauseNotAddressed(capa_no=capa.capa_no, root_cause_id=command.root_cause_id)


def _approve(command: ApproveAction, capa: Capa) -> ActionApproved:
    action = _in_state(capa, command.action_no, "planned")
    if command.by in (action.planned_by, action.owner):
        raise ApproverInvolved(action_no=command.action_no)
    return ActionApproved(capa_id=command.capa_id, action_no=command.action_no)


def _return(command: ReturnAction, capa: Capa) -> ActionReturned:
    _in_state(capa, command.action_no, "planned")
    return ActionReturned(capa_id=command.capa_id, action_no=command.action_no, reason=because(command.reason))


def _complete(command: CompleteAction, capa: Capa) -> ActionCompleted:
    _in_state(capa, command.action_no, "started")
    if command.completed_on > command.today:
        raise CompletedInTheFuture(completed_on=command.completed_on, today=command.today)
    return ActionCompleted(
        capa_id=command.capa_id,
        action_no=command.action_no,
        completed_by=command.by,
        completed_on=command.completed_on,
        cut_in=command.cut_in,
        note=command.note,
        evidence=command.evidence,
    )


def _verify(command: VerifyAction, capa: Capa) -> ActionVerified:
    action = _in_state(capa, command.action_no, "completed")
    if command.by == action.completed_by:
        raise VerifierCompleted(action_no=command.action_no)
    return ActionVerified(
        capa_id=command.capa_id,
        action_no=command.action_no,
        met_criterion=command.met_criterion,
        note=command.note,
        evidence=command.evidence,
    )


def _cancel(command: CancelAction, capa: Capa) -> ActionCancelled:
    _in_state(capa, command.action_no, "planned", "approved", "returned", "started", "completed")
    return ActionCancelled(capa_id=command.capa_id, action_no=command.action_no, reason=because(command.reason))


def _change_due_date(command: ChangeDueDate, capa: Capa) -> ActionDueDateChanged:
    action = _in_state(capa, command.action_no, "planned", "approved", "returned", "started")
    if command.due_date == action.due_date:
        raise DueDateUnchanged(due_date=command.due_date)
    if command.due_date < command.today:
        raise DueDateInThePast(due_date=command.due_date, today=command.today)
    return ActionDueDateChanged(
        capa_id=command.capa_id,
        action_no=command.action_no,
        first_due_date=action.first_due_date,
        old_due_date=action.due_date,
        due_date=command.due_date,
        reason=because(command.reason),
    )


def because(reason: str) -> str:
    """The reason as given; a blank one is none."""
    if not reason.strip():
        raise ReasonMissing
    return reason


def _in_state(capa: Capa, action_no: int, *allowed: ActionStatus) -> Action:
    action = capa.actions.get(action_no)
    if action is None:
        raise NotFound(what="action", id=f"{capa.capa_no}/{action_no}")
    if action.status not in allowed:
        raise ActionNotInState(action_no=action_no, status=action.status, needs=allowed)
    return action
