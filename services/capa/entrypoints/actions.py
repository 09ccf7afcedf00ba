"""REST of actions and of their effectiveness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from services.capa.application.handlers import CapaHandlers
from services.capa.domain.capa.commands import (
    ApproveAction,
    CancelAction,
    ChangeDueDate,
    CompleteAction,
    ConfirmEffectiveness,
    FailEffectiveness,
    MeasureEffectiveness,
    PlanAction,
    PlanEffectivenessCheck,
    ReturnAction,
    StartAction,
    VerifyAction,
)
from services.capa.domain.capa.state import window
from services.capa.domain.effectiveness import Counts, Window
from services.capa.entrypoints import shapes
from services.capa.entrypoints.bodies import (
    CompleteActionBody,
    DueDateBody,
    EffectivenessPlanBody,
    JudgementBody,
    PlanActionBody,
    ReasonBody,
    VerifyActionBody,
)
from services.capa.entrypoints.http import CAPAS, READERS, SERVICE, WRITERS
from services.capa.readmodels.action_list import MODEL as ACTIONS
from services.capa.readmodels.action_list import ActionFilter, actions
from services.capa.readmodels.effectiveness_counts import COUNTED, counts
from shared.adapters.http.answers import answers, created, done, listed
from shared.adapters.http.body import Ordinal
from shared.adapters.http.conventions import Creating, Paging, Reading, Writing
from shared.adapters.http.evidence import Citable
from shared.adapters.http.policy import policy
from shared.adapters.runtime import Resources, Views
from shared.contracts.investigation.responsibility import LogPosition
from shared.kernel.ports import Context
from shared.kernel.shapes import page_of

ONE = f"{CAPAS}/{{capa_id}}"
ACTION = f"{ONE}/actions/{{action_no}}"
Today = Callable[[Context], date]


def routes(handlers: CapaHandlers, citable: Citable, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(tags=["措施 actions"])
    _add_list(router, resources, views)
    zone = ZoneInfo(resources.settings.plant_zone)

    def today(context: Context) -> date:
        """Dates that people give are the plant's."""
        return context.now.astimezone(zone).date()

    _add_planning(router, handlers, today)
    _add_work(router, handlers, citable, today)
    _add_effectiveness(router, handlers, citable, resources, views, today)
    return router


def _add_list(router: APIRouter, resources: Resources, views: Views) -> None:
    @router.get(
        "/api/v1/actions",
        operation_id="listActions",
        dependencies=[policy(*READERS), answers(page_of(shapes.ACTION_ROW))],
    )
    async def many(
        read: Reading,
        page: Paging,
        owner: Annotated[str | None, Query(max_length=200)] = None,
        department: Annotated[str | None, Query(max_length=64)] = None,
        capa_id: UUID | None = None,
        due_by: date | None = None,
        open_only: bool = False,
    ) -> Response:
        """措施列表（按到期日） · Actions by due date, of an owner or department."""
        await views.caught_up(read.tenant, read.after, [ACTIONS.name], read.patience)
        asked = ActionFilter(owner=owner, department=department, capa_id=capa_id, due_by=due_by, open_only=open_only)
        after = page.place(date.fromisoformat, UUID, int)
        rows = await actions(resources.reads, read.tenant, asked, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, "due_date", "capa_id", "action_no"))


def _add_planning(router: APIRouter, handlers: CapaHandlers, today: Today) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(
        f"{ONE}/actions",
        operation_id="planAction",
        status_code=201,
        dependencies=[*writers, answers(shapes.ACTION_PLANNED)],
    )
    async def plan(capa_id: UUID, body: PlanActionBody, context: Creating) -> Response:
        """计划措施 · Plan an action with owner, due date and criterion."""
        command = PlanAction(capa_id=capa_id, by=context.actor.subject, today=today(context), **body.model_dump())
        return created(SERVICE, (await handlers.plan_action(context, command)).appended)

    @router.post(f"{ACTION}/approve", operation_id="approveAction", dependencies=writers)
    async def approve(capa_id: UUID, action_no: Ordinal, context: Writing) -> Response:
        """批准措施 · Approve; not by its planner or owner."""
        command = ApproveAction(capa_id=capa_id, action_no=action_no, by=context.actor.subject)
        return done(SERVICE, (await handlers.approve_action(context, command)).appended)

    @router.post(f"{ACTION}/return", operation_id="returnAction", dependencies=writers)
    async def give_back(capa_id: UUID, action_no: Ordinal, body: ReasonBody, context: Writing) -> Response:
        """退回措施 · Return to be planned anew."""
        command = ReturnAction(capa_id=capa_id, action_no=action_no, reason=body.reason)
        return done(SERVICE, (await handlers.return_action(replace(context, reason=body.reason), command)).appended)

    @router.post(f"{ACTION}/due-date", operation_id="changeDueDate", dependencies=writers)
    async def due_date(capa_id: UUID, action_no: Ordinal, body: DueDateBody, context: Writing) -> Response:
        """变更期限（保留最初期限） · Change the due date; the first one stays."""
        command = ChangeDueDate(
            capa_id=capa_id,
            action_no=action_no,
            due_date=body.due_date,
            reason=body.reason,
            today=today(context),
        )
        return done(SERVICE, (await handlers.change_due_date(replace(context, reason=body.reason), command)).appended)


def _add_work(router: APIRouter, handlers: CapaHandlers, citable: Citable, today: Today) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(f"{ACTION}/start", operation_id="startAction", dependencies=writers)
    async def start(capa_id: UUID, action_no: Ordinal, context: Writing) -> Response:
        """开始措施 · Start."""
        command = StartAction(capa_id=capa_id, action_no=action_no)
        return done(SERVICE, (await handlers.start_action(context, command)).appended)

    @router.post(f"{ACTION}/complete", operation_id="completeAction", dependencies=writers)
    async def complete(capa_id: UUID, action_no: Ordinal, body: CompleteActionBody, context: Writing) -> Response:
        """完成措施（含断点） · Complete, with its cut-in."""
        command = CompleteAction(
            capa_id=capa_id,
            action_no=action_no,
            completed_on=body.completed_on,
            cut_in=body.cut_in.cut_in(),
            note=body.note,
            by=context.actor.subject,
            today=today(context),
            evidence=await citable.refs(body.evidence, context.tenant),
        )
        return done(SERVICE, (await handlers.complete_action(context, command)).appended)

    @router.post(f"{ACTION}/verify", operation_id="verifyAction", dependencies=writers)
    async def verify(capa_id: UUID, action_no: Ordinal, body: VerifyActionBody, context: Writing) -> Response:
        """验证措施 · Verify; not by who completed it."""
        command = VerifyAction(
            capa_id=capa_id,
            action_no=action_no,
            met_criterion=body.met_criterion,
            note=body.note,
            by=context.actor.subject,
            evidence=await citable.refs(body.evidence, context.tenant),
        )
        return done(SERVICE, (await handlers.verify_action(context, command)).appended)

    @router.post(f"{ACTION}/cancel", operation_id="cancelAction", dependencies=writers)
    async def cancel(capa_id: UUID, action_no: Ordinal, body: ReasonBody, context: Writing) -> Response:
        """取消措施 · Cancel, with the reason."""
        command = CancelAction(capa_id=capa_id, action_no=action_no, reason=body.reason)
        return done(SERVICE, (await handlers.cancel_action(replace(context, reason=body.reason), command)).appended)


def _add_effectiveness(
    router: APIRouter,
    handlers: CapaHandlers,
    citable: Citable,
    resources: Resources,
    views: Views,
    today: Today,
) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]
    path = f"{ONE}/effectiveness"

    async def counted(capa_id: UUID, context: Context) -> tuple[Counts, tuple[LogPosition, ...]]:
        """For the window that holds now, once all is known that the logs tell."""
        day = today(context)
        found = window(await handlers.capa(context.tenant, capa_id))
        asked = found or Window(made_from=day, made_to=day, products=(), defect_codes=())
        await views.all_told(context.tenant, COUNTED, resources.settings.wait_seconds)
        return await counts(resources.reads, context.tenant, asked)

    @router.post(path, operation_id="planEffectivenessCheck", dependencies=writers)
    async def plan(capa_id: UUID, body: EffectivenessPlanBody, context: Writing) -> Response:
        """计划效果验证 · Metric, baseline, target and window."""
        command = PlanEffectivenessCheck(capa_id=capa_id, **body.model_dump())
        return done(SERVICE, (await handlers.plan_effectiveness_check(context, command)).appended)

    @router.post(f"{path}/measure", operation_id="measureEffectiveness", dependencies=writers)
    async def measure(capa_id: UUID, context: Writing) -> Response:
        """从日志测量效果 · Count units made after the cut-in, from the logs."""
        found, positions = await counted(capa_id, context)
        command = MeasureEffectiveness(capa_id=capa_id, measured_on=today(context), counts=found, positions=positions)
        return done(SERVICE, (await handlers.measure_effectiveness(context, command)).appended)

    @router.post(f"{path}/confirm", operation_id="confirmEffectiveness", dependencies=writers)
    async def confirm(capa_id: UUID, body: JudgementBody, context: Writing) -> Response:
        """确认效果 · Confirm; not by who owns or completed an action."""
        evidence = await citable.refs(body.evidence, context.tenant)
        found, _ = await counted(capa_id, context)
        command = ConfirmEffectiveness(
            capa_id=capa_id, note=body.note, by=context.actor.subject, counts=found, evidence=evidence
        )
        return done(SERVICE, (await handlers.confirm_effectiveness(context, command)).appended)

    @router.post(f"{path}/fail", operation_id="failEffectiveness", dependencies=writers)
    async def fail(capa_id: UUID, body: JudgementBody, context: Writing) -> Response:
        """效果未达成 · The measures did not do."""
        evidence = await citable.refs(body.evidence, context.tenant)
        command = FailEffectiveness(capa_id=capa_id, note=body.note, evidence=evidence)
        return done(SERVICE, (await handlers.fail_effectiveness(context, command)).appended)
