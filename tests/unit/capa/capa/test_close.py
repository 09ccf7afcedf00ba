import pytest

from services.capa.domain.capa.commands import (
    CloseCapa,
    RecordLesson,
    RecordSimilaritySearch,
    ReopenCapa,
    ReviewControlPlan,
)
from services.capa.domain.errors import (
    CapaIsClosed,
    CapaIsOpen,
    CapaNotComplete,
    DocumentsMissing,
    Missing,
    ReasonMissing,
)
from shared.contracts.capa import capa as said
from tests.unit.capa.capa import states as s

CLOSE = CloseCapa(capa_id=s.ID)
REOPENED = said.CapaReopened(capa_id=s.ID, reason="再次发生")


def test_what_is_recorded_on_the_way():
    given = s.capa.given(s.opened())
    given.when(
        RecordSimilaritySearch(capa_id=s.ID, searched="全部压机", found=("op-30",), conclusion="op-30 同样风险")
    ).then(s.SIMILARITY)
    given.when(ReviewControlPlan(capa_id=s.ID, updated=True, documents=("PFMEA-20 rev 4",))).then(s.CONTROL_PLAN)
    given.when(RecordLesson(capa_id=s.ID, lesson="保压时间需要互锁", keywords=("压机", "互锁"))).then(s.LESSON)


def test_a_control_plan_is_updated_with_documents_or_not_needed_with_a_reason():
    given = s.capa.given(s.opened())
    given.when(ReviewControlPlan(capa_id=s.ID, updated=True)).refused(DocumentsMissing)
    given.when(ReviewControlPlan(capa_id=s.ID, updated=False)).refused(ReasonMissing)
    given.when(ReviewControlPlan(capa_id=s.ID, updated=False, reason="单件报废")).then(
        said.ControlPlanReviewed(capa_id=s.ID, updated=False, documents=(), reason="单件报废")
    )


def test_a_complete_capa_closes():
    s.capa.given(s.ready_to_close()).when(CLOSE).then(s.CLOSED)


@pytest.mark.parametrize("part", ["similarity_search", "control_plan_review", "effectiveness", "lesson"])
def test_each_missing_part_is_named(part):
    s.capa.given(s.ready_to_close(without=part)).when(CLOSE).refused(CapaNotComplete, missing=(Missing(part),))


def test_everything_missing_is_said_at_once_in_both_languages():
    refusal = s.capa.given(s.opened(), s.planned()).when(CLOSE).refused(CapaNotComplete)
    assert refusal.text("zh") == (
        "A2026-0001 还不能关闭：措施 1 未验证也未取消；没有一项措施得到验证；未记录相似情况检索；"
        "PFMEA／控制计划未评审；效果未确认；未记录经验教训"
    )
    assert refusal.text("en") == (
        "A2026-0001 can't be closed yet: action 1 is neither verified nor cancelled; no action is verified; "
        "no similarity search is recorded; PFMEA and control plan are not reviewed; effectiveness is not confirmed; "
        "no lesson is recorded"
    )


def test_every_cause_needs_an_answer():
    given = [*s.ready_to_close(), s.addressed(s.ANOTHER_CAUSE)]
    s.capa.given(given).when(CLOSE).refused(CapaNotComplete, missing=(Missing("cause_unanswered", str(s.OTHER_CAUSE)),))


def test_a_cancelled_action_doesnt_hold_it_up():
    given = [*s.ready_to_close(), s.planned(2, kind="containment", root_cause_id=None, risk="在库品"), s.cancelled(2)]
    s.capa.given(given).when(CLOSE).then(s.CLOSED)


def test_without_any_cause_left_it_ends_with_actions_settled_and_the_lesson():
    given = [*s.opened(), s.planned(), s.released()]
    s.capa.given(given).when(CLOSE).refused(
        CapaNotComplete, missing=(Missing("action_unsettled", "1"), Missing("lesson"))
    )
    s.capa.given(given, s.cancelled(), s.LESSON).when(CLOSE).then(s.CLOSED)


def test_closed_is_closed_until_reopened_with_a_reason():
    s.capa.given(s.closed()).when(CLOSE).refused(CapaIsClosed, capa_no=s.NUMBER)
    s.capa.given(s.closed()).when(ReopenCapa(capa_id=s.ID, reason="")).refused(ReasonMissing)
    s.capa.given(s.closed()).when(ReopenCapa(capa_id=s.ID, reason="再次发生")).then(REOPENED)
    s.capa.given(s.ready_to_close()).when(ReopenCapa(capa_id=s.ID, reason="再次发生")).refused(CapaIsOpen)


def test_after_reopening_effectiveness_is_shown_anew():
    s.capa.given(s.closed(), REOPENED).when(CLOSE).refused(CapaNotComplete, missing=(Missing("effectiveness"),))
