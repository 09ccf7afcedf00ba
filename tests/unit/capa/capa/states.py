"""A CAPA's states as the events that lead to them, and the commands that come next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.capa.domain.capa.commands import Cause, ConfirmEffectiveness, PlanAction, PlanEffectivenessCheck
from services.capa.domain.capa.decider import CAPA
from services.capa.domain.effectiveness import Counts, Window
from shared.contracts.capa import capa as said
from shared.kernel.testing import Specification

capa = Specification(CAPA)

ID = UUID(int=1)
INVESTIGATION = UUID(int=2)
CAUSE = UUID(int=3)
OTHER_CAUSE = UUID(int=4)
NUMBER = "A2026-0001"
TODAY = date(2026, 5, 4)
DUE = date(2026, 6, 1)
CUT_IN = date(2026, 5, 10)
LAST_DAY = date(2026, 6, 10)
PLANNER, OWNER, APPROVER, VERIFIER, MANAGER = "planner", "owner", "approver", "verifier", "manager"

A_CAUSE = Cause(
    investigation_id=INVESTIGATION,
    root_cause_id=CAUSE,
    statement="压机保压时间未受控",
    leg="occurrence",
    node="op-20",
    products=("P-1",),
    defect_codes=("D-7",),
)
ANOTHER_CAUSE = replace(A_CAUSE, root_cause_id=OTHER_CAUSE, leg="escape")


def addressed(cause=A_CAUSE):
    return said.CauseAddressed(
        capa_id=ID,
        investigation_id=cause.investigation_id,
        root_cause_id=cause.root_cause_id,
        statement=cause.statement,
        leg=cause.leg,
        node=cause.node,
        products=cause.products,
        defect_codes=cause.defect_codes,
    )


def released(cause_id=CAUSE):
    return said.CauseReleased(
        capa_id=ID,
        investigation_id=INVESTIGATION,
        root_cause_id=cause_id,
        because="root_cause_withdrawn",
        reason="证据已更正",
    )


def opened():
    return [
        said.CapaOpened(capa_id=ID, capa_no=NUMBER, title=A_CAUSE.statement, investigation_id=INVESTIGATION),
        addressed(),
    ]


def plan(**changes):
    """The command for a corrective action that answers the cause."""
    command = PlanAction(
        capa_id=ID,
        kind="corrective",
        title="保压时间加入互锁",
        owner=OWNER,
        department="production",
        due_date=DUE,
        criterion="连续 5 批保压时间在 12 ± 1 s",
        by=PLANNER,
        today=TODAY,
        root_cause_id=CAUSE,
    )
    return replace(command, **changes)


def planned(action_no=1, **changes):
    """The event that `plan(**changes)` leads to."""
    command = plan(**changes)
    return said.ActionPlanned(
        capa_id=ID,
        action_no=action_no,
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


def cut_in(made_from=CUT_IN):
    return said.CutIn(kind="lot", value="L-0815", made_from=made_from)


def approved(action_no=1):
    return said.ActionApproved(capa_id=ID, action_no=action_no)


def returned(action_no=1):
    return said.ActionReturned(capa_id=ID, action_no=action_no, reason="标准无法测量")


def started(action_no=1):
    return said.ActionStarted(capa_id=ID, action_no=action_no)


def completed(action_no=1, made_from=CUT_IN, by=OWNER):
    return said.ActionCompleted(
        capa_id=ID,
        action_no=action_no,
        completed_by=by,
        completed_on=TODAY,
        cut_in=cut_in(made_from),
        note="程序 v3 已上线",
    )


def verified(action_no=1, *, met=True):
    return said.ActionVerified(capa_id=ID, action_no=action_no, met_criterion=met, note="5 批均合格")


def cancelled(action_no=1):
    return said.ActionCancelled(capa_id=ID, action_no=action_no, reason="设备已停用")


def done(action_no=1, made_from=CUT_IN, **changes):
    """An action from its plan to its completion."""
    return [
        planned(action_no, **changes),
        approved(action_no),
        started(action_no),
        completed(action_no, made_from, by=changes.get("owner", OWNER)),
    ]


def plan_check(**changes):
    command = PlanEffectivenessCheck(
        capa_id=ID,
        baseline_ppm=Decimal(800),
        target_ppm=Decimal(50),
        made_from=CUT_IN,
        made_to=LAST_DAY,
        minimum_units=10_000,
        products=("P-1",),
        defect_codes=("D-7",),
    )
    return replace(command, **changes)


def check_planned(**changes):
    command = plan_check(**changes)
    return said.EffectivenessCheckPlanned(
        capa_id=ID,
        metric="confirmed_ppm",
        baseline_ppm=command.baseline_ppm,
        target_ppm=command.target_ppm,
        made_from=command.made_from,
        made_to=command.made_to,
        minimum_units=command.minimum_units,
        products=command.products,
        defect_codes=command.defect_codes,
    )


WINDOW = Window(made_from=CUT_IN, made_to=LAST_DAY, products=("P-1",), defect_codes=("D-7",))
COUNTS = Counts(
    window=WINDOW,
    units=40_000,
    confirmed_bad=Decimal(1),
    pending_bad=Decimal(2),
    bad_before=Decimal(9),
    bad_undated=Decimal(3),
)
AFTER_THE_WINDOW = date(2026, 6, 11)


def measured(measured_on=AFTER_THE_WINDOW, units=40_000, bad=1, undated=0, made_from=CUT_IN, made_to=LAST_DAY):
    return said.EffectivenessMeasured(
        capa_id=ID,
        measured_on=measured_on,
        made_from=made_from,
        made_to=made_to,
        units=units,
        confirmed_bad=Decimal(bad),
        pending_bad=Decimal(2),
        bad_before=Decimal(9),
        bad_undated=Decimal(undated),
        ppm=(Decimal(bad) * 1_000_000 / units).quantize(Decimal("0.001")) if units else None,
        enough_units=units >= 10_000,
        positions=(),
    )


def confirm(by=MANAGER, **counted):
    """The logs say now what `measured(**counted)` says."""
    event = measured(**counted)
    counts = Counts(
        window=replace(WINDOW, made_from=event.made_from, made_to=event.made_to),
        units=event.units,
        confirmed_bad=event.confirmed_bad,
        pending_bad=event.pending_bad,
        bad_before=event.bad_before,
        bad_undated=event.bad_undated,
    )
    return ConfirmEffectiveness(capa_id=ID, note="窗口内 25 ppm", by=by, counts=counts)


def confirmed():
    return said.EffectivenessConfirmed(capa_id=ID, note="窗口内 25 ppm")


SIMILARITY = said.SimilaritySearched(capa_id=ID, searched="全部压机", found=("op-30",), conclusion="op-30 同样风险")
CONTROL_PLAN = said.ControlPlanReviewed(capa_id=ID, updated=True, documents=("PFMEA-20 rev 4",))
LESSON = said.LessonRecorded(capa_id=ID, lesson="保压时间需要互锁", keywords=("压机", "互锁"))
CLOSED = said.CapaClosed(capa_id=ID)


def everything():
    """All that closing needs (rule 15), each as a named part, so that a test can leave one out."""
    return {
        "action": [*done(), verified()],
        "similarity_search": [SIMILARITY],
        "control_plan_review": [CONTROL_PLAN],
        "effectiveness": [check_planned(), measured(), confirmed()],
        "lesson": [LESSON],
    }


def ready_to_close(without=None):
    return [*opened(), *(event for name, part in everything().items() if name != without for event in part)]


def closed():
    return [*ready_to_close(), CLOSED]
