"""From approval to verification, step by step, each only in its state."""

from datetime import date, timedelta

import pytest

from services.capa.domain.capa.commands import (
    ApproveAction,
    CancelAction,
    ChangeDueDate,
    CompleteAction,
    ReturnAction,
    StartAction,
    VerifyAction,
)
from services.capa.domain.errors import (
    ActionNotInState,
    ApproverInvolved,
    CompletedInTheFuture,
    DueDateInThePast,
    DueDateUnchanged,
    ReasonMissing,
    VerifierCompleted,
)
from shared.contracts.capa import capa as said
from tests.unit.capa.capa import states as s

PLANNED = [*s.opened(), s.planned()]
APPROVED = [*PLANNED, s.approved()]
STARTED = [*APPROVED, s.started()]
COMPLETED = [*STARTED, s.completed()]
VERIFIED = [*COMPLETED, s.verified()]
CANCELLED = [*PLANNED, s.cancelled()]
LATER = date(2026, 7, 1)

APPROVE = ApproveAction(capa_id=s.ID, action_no=1, by=s.APPROVER)
RETURN = ReturnAction(capa_id=s.ID, action_no=1, reason="标准无法测量")
START = StartAction(capa_id=s.ID, action_no=1)
VERIFY = VerifyAction(capa_id=s.ID, action_no=1, met_criterion=True, note="5 批均合格", by=s.VERIFIER)
CANCEL = CancelAction(capa_id=s.ID, action_no=1, reason="设备已停用")


def complete(by=s.OWNER, completed_on=s.TODAY):
    return CompleteAction(
        capa_id=s.ID,
        action_no=1,
        completed_on=completed_on,
        cut_in=s.cut_in(),
        note="程序 v3 已上线",
        by=by,
        today=s.TODAY,
    )


def change_due_date(due_date=LATER, reason="模具延期"):
    return ChangeDueDate(capa_id=s.ID, action_no=1, due_date=due_date, reason=reason, today=s.TODAY)


@pytest.mark.parametrize(
    ("given", "command", "event"),
    [
        (PLANNED, APPROVE, s.approved()),
        (PLANNED, RETURN, s.returned()),
        (APPROVED, START, s.started()),
        (STARTED, complete(), s.completed()),
        (STARTED, complete(by="colleague"), s.completed(by="colleague")),
        (COMPLETED, VERIFY, s.verified()),
        (COMPLETED, CANCEL, s.cancelled()),
    ],
)
def test_each_step_in_its_state(given, command, event):
    s.capa.given(given).when(command).then(event)


@pytest.mark.parametrize(
    ("given", "status", "command"),
    [
        (APPROVED, "approved", APPROVE),
        (APPROVED, "approved", RETURN),
        (PLANNED, "planned", START),
        (APPROVED, "approved", complete()),
        (COMPLETED, "completed", complete()),
        (STARTED, "started", VERIFY),
        (VERIFIED, "verified", CANCEL),
        (CANCELLED, "cancelled", CANCEL),
        (CANCELLED, "cancelled", START),
        (VERIFIED, "verified", change_due_date()),
    ],
)
def test_no_step_out_of_its_state(given, status, command):
    s.capa.given(given).when(command).refused(ActionNotInState, action_no=1, status=status)


@pytest.mark.parametrize("by", [s.PLANNER, s.OWNER])
def test_neither_planner_nor_owner_approves(by):
    command = ApproveAction(capa_id=s.ID, action_no=1, by=by)
    s.capa.given(PLANNED).when(command).refused(ApproverInvolved, action_no=1)


def test_who_completed_it_doesnt_verify_it_but_the_owner_may():
    given = s.capa.given(STARTED, s.completed(by="colleague"))
    same = VerifyAction(capa_id=s.ID, action_no=1, met_criterion=True, note="5 批均合格", by="colleague")
    given.when(same).refused(VerifierCompleted, action_no=1)
    owner = VerifyAction(capa_id=s.ID, action_no=1, met_criterion=True, note="5 批均合格", by=s.OWNER)
    given.when(owner).then(s.verified())


def test_a_criterion_not_met_sends_the_action_back_to_work():
    missed = VerifyAction(capa_id=s.ID, action_no=1, met_criterion=False, note="第 3 批超差", by=s.VERIFIER)
    event = said.ActionVerified(capa_id=s.ID, action_no=1, met_criterion=False, note="第 3 批超差")
    s.capa.given(COMPLETED).when(missed).then(event)
    state = s.capa.given(COMPLETED, event).state
    assert (state.actions[1].status, state.actions[1].made_from) == ("started", None)


def test_nothing_is_completed_tomorrow():
    tomorrow = s.TODAY + timedelta(days=1)
    s.capa.given(STARTED).when(complete(completed_on=tomorrow)).refused(CompletedInTheFuture, completed_on=tomorrow)


def test_return_and_cancel_say_why():
    s.capa.given(PLANNED).when(ReturnAction(capa_id=s.ID, action_no=1, reason=" ")).refused(ReasonMissing)
    s.capa.given(PLANNED).when(CancelAction(capa_id=s.ID, action_no=1, reason="")).refused(ReasonMissing)


def test_a_changed_due_date_keeps_the_first():
    first = said.ActionDueDateChanged(
        capa_id=s.ID, action_no=1, first_due_date=s.DUE, old_due_date=s.DUE, due_date=LATER, reason="模具延期"
    )
    s.capa.given(STARTED).when(change_due_date()).then(first)
    again = date(2026, 8, 1)
    s.capa.given(STARTED, first).when(change_due_date(again)).then(
        said.ActionDueDateChanged(
            capa_id=s.ID, action_no=1, first_due_date=s.DUE, old_due_date=LATER, due_date=again, reason="模具延期"
        )
    )


def test_planned_anew_also_keeps_the_first_due_date():
    state = s.capa.given(PLANNED, s.returned(), s.planned(due_date=LATER)).state
    assert (state.actions[1].first_due_date, state.actions[1].due_date) == (s.DUE, LATER)


def test_a_due_date_changes_to_another_day_to_come_with_a_reason():
    given = s.capa.given(PLANNED)
    given.when(change_due_date(s.DUE)).refused(DueDateUnchanged, due_date=s.DUE)
    given.when(change_due_date(date(2026, 5, 3))).refused(DueDateInThePast)
    given.when(change_due_date(reason="")).refused(ReasonMissing)
