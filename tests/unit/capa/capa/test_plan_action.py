from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.capa.domain.errors import (
    ActionNotInState,
    AnswersNothing,
    CapaIsClosed,
    CauseNotAddressed,
    CriterionMissing,
    DueDateInThePast,
    OwnerMissing,
)
from shared.kernel.errors import NotFound
from tests.unit.capa.capa import states as s

COMPLAINT = UUID(int=77)
NO_CAUSE = {"root_cause_id": None}


def test_a_corrective_action_answers_a_cause():
    s.capa.given(s.opened()).when(s.plan()).then(s.planned())


def test_actions_are_numbered_as_they_come():
    s.capa.given(s.opened(), s.planned(1)).when(s.plan()).then(s.planned(2))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "containment", "complaint_id": COMPLAINT},
        {"kind": "containment", "risk": "在库品可能混料"},
        {"kind": "preventive", "risk": "op-30 同型压机"},
        {"kind": "supplier_corrective", "root_cause_id": s.CAUSE},
    ],
)
def test_each_kind_answers_what_it_must(changes):
    s.capa.given(s.opened()).when(s.plan(**(NO_CAUSE | changes))).then(s.planned(**(NO_CAUSE | changes)))


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({"kind": "corrective", "risk": "只有风险"}, ("root_cause_id",)),
        ({"kind": "supplier_corrective"}, ("root_cause_id",)),
        ({"kind": "containment"}, ("complaint_id", "risk")),
        ({"kind": "preventive", "complaint_id": COMPLAINT}, ("risk",)),
        ({"kind": "preventive", "risk": "  "}, ("risk",)),
    ],
)
def test_an_action_that_answers_nothing_is_refused(changes, needs):
    planned = s.capa.given(s.opened()).when(s.plan(**(NO_CAUSE | changes)))
    refusal = planned.refused(AnswersNothing, kind=changes["kind"], names=needs)
    assert tuple(one.field for one in refusal.wrong) == needs


def test_the_refusal_says_the_kind_in_both_languages():
    refusal = s.capa.given(s.opened()).when(s.plan(root_cause_id=None)).refused(AnswersNothing)
    assert refusal.text("zh-CN") == "纠正措施必须说明它针对什么：root_cause_id"
    assert refusal.text("en") == "A corrective action must say what it answers: root_cause_id"


def test_a_cause_that_this_capa_is_not_about_cant_be_answered_here():
    s.capa.given(s.opened()).when(s.plan(root_cause_id=s.OTHER_CAUSE)).refused(
        CauseNotAddressed, root_cause_id=s.OTHER_CAUSE
    )


def test_owner_criterion_and_a_due_date_to_come():
    given = s.capa.given(s.opened())
    given.when(s.plan(owner=" ")).refused(OwnerMissing)
    given.when(s.plan(criterion="")).refused(CriterionMissing)
    yesterday = s.TODAY - timedelta(days=1)
    given.when(s.plan(due_date=yesterday)).refused(DueDateInThePast, due_date=yesterday)
    given.when(s.plan(due_date=s.TODAY)).then(s.planned(due_date=s.TODAY))


def test_a_returned_action_is_planned_anew_under_its_number():
    given = s.capa.given(s.opened(), s.planned(), s.returned())
    given.when(s.plan(revises=1, criterion="10 批")).then(s.planned(1, criterion="10 批"))


def test_only_a_returned_action_is_planned_anew():
    given = s.capa.given(s.opened(), s.planned())
    given.when(s.plan(revises=1)).refused(ActionNotInState, status="planned", needs=("returned",))
    given.when(s.plan(revises=9)).refused(NotFound, what="action", id=f"{s.NUMBER}/9")


def test_a_closed_capa_takes_no_action():
    s.capa.given(s.closed()).when(s.plan()).refused(CapaIsClosed, capa_no=s.NUMBER)


def test_another_planner_is_named_in_the_event():
    s.capa.given(s.opened()).when(replace(s.plan(), by="li")).then(s.planned(by="li"))
