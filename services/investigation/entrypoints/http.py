"""REST of an investigation: reading it, and what concerns the case as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.ports import Facts, References, Sight
from services.investigation.domain.investigation.commands import (
    AssignTeamMember,
    Conclude,
    LeaveComplaint,
    Reopen,
    StateProblem,
    VerifyItem,
)
from services.investigation.domain.investigation.decider import investigation
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import (
    ConcludeBody,
    CrossCheckBody,
    JoinBody,
    LeaveBody,
    OpenBody,
    ProblemBody,
    ReasonBody,
    TeamBody,
    VerifyBody,
)
from services.investigation.entrypoints.corrections import corrections_told
from services.investigation.entrypoints.reading import map_view, plain_view
from services.investigation.readmodels.investigation_list import MODEL as LIST
from services.investigation.readmodels.investigation_list import InvestigationFilter, Sort, investigations
from services.investigation.readmodels.investigation_view import InvestigationView, investigation_view
from services.investigation.readmodels.joined_complaints import MODEL as JOINED
from services.investigation.readmodels.joined_complaints import known_in
from shared.adapters.http.answers import answers, created, done, listed, location_of, view
from shared.adapters.http.conventions import Creating, Paging, Read, Reading, ReadingAsOf, Writing
from shared.adapters.http.evidence import Citable
from shared.adapters.http.policy import Role, policy
from shared.adapters.http.streams import opened, stream_of
from shared.adapters.runtime import Resources, Views
from shared.contracts.words import InvestigationOutcome
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.kernel.shapes import page_of

SERVICE = "investigation"
INVESTIGATIONS = "/api/v1/investigations"
ONE = f"{INVESTIGATIONS}/{{investigation_id}}"
WRITERS: tuple[Role, ...] = ("quality_engineer", "quality_manager", "admin")
READERS: tuple[Role, ...] = (*WRITERS, "service_agent", "auditor")
CONCERNED: tuple[Role, ...] = (*READERS, "department_lead", "supplier")


async def view_of(
    resources: Resources, views: Views, read: Read, investigation_id: UUID
) -> tuple[InvestigationView, dict[str, int]]:
    """The investigation as of the question, and the vector that was used. Raises NotFound."""
    events, positions = await stream_of(resources, views, read, investigation.stream(investigation_id))
    found = investigation_view(events)
    if found is None:
        raise NotFound(what="investigation", id=str(investigation_id))
    return found, positions


def routes(
    handlers: InvestigationHandlers, sight: Sight, citable: Citable, resources: Resources, views: Views
) -> APIRouter:
    router = APIRouter(tags=["调查 investigations"])
    _add_reads(router, sight.references, sight.facts, resources, views)
    _add_case(router, handlers)
    _add_claims(router, handlers, citable)
    _add_joining(router, handlers, resources, views)
    return router


def _add_reads(router: APIRouter, references: References, facts: Facts, resources: Resources, views: Views) -> None:
    @router.get(
        INVESTIGATIONS,
        operation_id="listInvestigations",
        dependencies=[policy(*READERS), answers(page_of(shapes.INVESTIGATION_ROW))],
    )
    async def many(
        read: Reading,
        page: Paging,
        status: Literal["open", "concluded"] | None = None,
        outcome: InvestigationOutcome | None = None,
        product: Annotated[str | None, Query(max_length=200)] = None,
        lot: Annotated[str | None, Query(max_length=200)] = None,
        defect_code: Annotated[str | None, Query(max_length=64)] = None,
        sort: Sort = "-opened_at",
    ) -> Response:
        """调查列表 · Investigations, filtered and sorted."""
        await views.caught_up(read.tenant, read.after, [LIST.name], read.patience)
        asked = InvestigationFilter(status=status, outcome=outcome, product=product, lot=lot, defect_code=defect_code)
        after = page.place(datetime.fromisoformat if sort.endswith("opened_at") else str, UUID)
        rows = await investigations(resources.reads, read.tenant, asked, sort=sort, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, sort.removeprefix("-"), "id"))

    @router.get(
        ONE,
        operation_id="getInvestigation",
        dependencies=[policy(*CONCERNED), answers(shapes.INVESTIGATION | shapes.OWN_SHARE)],
    )
    async def one(investigation_id: UUID, read: ReadingAsOf) -> Response:
        """一个调查（可按时点查询；责任方只看到与己有关的） · One investigation; parties see what concerns them."""
        found, positions = await view_of(resources, views, read, investigation_id)
        corrected = await corrections_told(facts, read.tenant, found.dossier.nodes, read.language)
        body = plain_view(found, read.principal, read.language, corrected)
        if body is None:
            raise NotFound(what="investigation", id=str(investigation_id))
        body = await opened(resources, read, body, *CONCERNED)
        return view(body, version=found.version, positions=positions)

    @router.get(
        f"{ONE}/flow", operation_id="getInvestigationFlow", dependencies=[policy(*READERS), answers(shapes.FLOW_MAP)]
    )
    async def flow(investigation_id: UUID, read: ReadingAsOf) -> Response:
        """流程图与节点发现 · The flow map with each node's findings."""
        found, positions = await view_of(resources, views, read, investigation_id)
        mapped = await references.flow_version(read.tenant, found.state.flow, found.state.flow_version)
        corrected = await corrections_told(facts, read.tenant, found.dossier.nodes, read.language)
        body = map_view(found, mapped, read.language, corrected)
        return view(body, version=found.version, positions=positions)


def _add_case(router: APIRouter, handlers: InvestigationHandlers) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(
        INVESTIGATIONS,
        operation_id="openInvestigation",
        status_code=201,
        dependencies=[*writers, answers(shapes.OPENED)],
    )
    async def open_one(body: OpenBody, context: Creating) -> Response:
        """启动内部调查 · Open an investigation of our own."""
        handled = await handlers.open(context, new_id(), body.product)
        where = location_of(handled.appended, INVESTIGATIONS)
        return created(SERVICE, handled.appended, where)

    @router.post(f"{ONE}/team", operation_id="assignTeamMember", dependencies=writers)
    async def team(investigation_id: UUID, body: TeamBody, context: Writing) -> Response:
        """指派小组成员 · Assign a team member."""
        command = AssignTeamMember(subject=body.subject, role=body.role)
        return done(SERVICE, (await handlers.assign(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/problem", operation_id="stateProblem", dependencies=writers)
    async def problem(investigation_id: UUID, body: ProblemBody, context: Writing) -> Response:
        """问题描述（小组自己的话） · State the problem in the team's own words."""
        command = StateProblem(**body.model_dump())
        return done(SERVICE, (await handlers.state_problem(context, investigation_id, command)).appended)

    @router.post(
        f"{ONE}/conclude",
        operation_id="concludeInvestigation",
        dependencies=[policy("quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def conclude(investigation_id: UUID, body: ConcludeBody, context: Writing) -> Response:
        """结论 · Conclude; the statement may be told to the customer."""
        command = Conclude(outcome=body.outcome, tried=body.tried, statement=body.statement, inapplicable=body.excused)
        return done(SERVICE, (await handlers.conclude(context, investigation_id, command)).appended)

    @router.post(
        f"{ONE}/reopen",
        operation_id="reopenInvestigation",
        dependencies=[policy("quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def reopen(investigation_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """重新打开 · Reopen, with the reason."""
        told = replace(context, reason=body.reason)
        return done(SERVICE, (await handlers.reopen(told, investigation_id, Reopen(reason=body.reason))).appended)


def _add_joining(router: APIRouter, handlers: InvestigationHandlers, resources: Resources, views: Views) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(f"{ONE}/join", operation_id="joinInvestigation", dependencies=writers)
    async def join(investigation_id: UUID, body: JoinBody, context: Writing) -> Response:
        """投诉并入本调查（曾移交其他调查的） · Join a complaint that was handed over to another investigation."""
        head = (await resources.log.heads()).get(context.tenant, 0)
        await views.come_to(context.tenant, head, [JOINED.name], resources.settings.wait_seconds)
        where = await known_in(resources.reads, context.tenant, body.complaint_id)
        return done(SERVICE, (await handlers.take_over(context, investigation_id, body.complaint_id, where)).appended)

    @router.post(f"{ONE}/leave", operation_id="leaveInvestigation", dependencies=writers)
    async def leave(investigation_id: UUID, body: LeaveBody, context: Writing) -> Response:
        """投诉退出调查 · Take a complaint out, with the reason."""
        command = LeaveComplaint(complaint_id=body.complaint_id, reason=body.reason)
        told = replace(context, reason=body.reason)
        return done(SERVICE, (await handlers.leave(told, investigation_id, command)).appended)


def _add_claims(router: APIRouter, handlers: InvestigationHandlers, citable: Citable) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(f"{ONE}/verify", operation_id="verifyItem", dependencies=writers)
    async def verify(investigation_id: UUID, body: VerifyBody, context: Writing) -> Response:
        """验证投诉项 · Verify an item, with evidence."""
        told = body.model_dump() | {"evidence": await citable.refs(body.evidence, context.tenant)}
        return done(SERVICE, (await handlers.verify(context, investigation_id, VerifyItem(**told))).appended)

    @router.post(f"{ONE}/cross-check", operation_id="crossCheck", dependencies=writers)
    async def cross_check(investigation_id: UUID, body: CrossCheckBody, context: Writing) -> Response:
        """数据交叉验证 · Hold an item against MES, WMS and SRM records."""
        handled = await handlers.cross_check(context, investigation_id, body.complaint_id, body.item_no)
        return done(SERVICE, handled.appended)
