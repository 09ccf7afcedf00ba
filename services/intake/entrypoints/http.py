"""REST of complaints: bytes to commands, results to bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.complaint.commands import (
    AcceptResolution,
    AcknowledgeComplaint,
    CloseComplaint,
    ComplaintCommand,
    CorrectDetail,
    HandOver,
    OfferResolution,
    RecordSatisfaction,
    RejectResolution,
    ReopenComplaint,
    Respond,
)
from services.intake.domain.errors import RecourseMissing
from services.intake.entrypoints import shapes
from services.intake.entrypoints.bodies import (
    CorrectBody,
    CustomerAnswerBody,
    HandOverBody,
    OfferBody,
    ReasonBody,
    RegisterBody,
    RemedyBody,
    RespondBody,
    SatisfactionBody,
    TriageBody,
    content_sums,
)
from services.intake.entrypoints.correcting import check_value
from services.intake.entrypoints.reading import SERVICE, complaint_of
from services.intake.readmodels.complaint_list import MODEL as LIST
from services.intake.readmodels.complaint_list import ComplaintFilter, Sort, complaints
from services.intake.readmodels.complaint_view import complaint_view, deadlines_view, timeline
from services.intake.readmodels.due_times import MODEL as DUE_TIMES
from services.intake.readmodels.open_investigations import OpenInvestigations
from shared.adapters.http.answers import answers, created, done, listed, location_of, view
from shared.adapters.http.conventions import Calling, Creating, Paging, Reading, ReadingAsOf, Writing
from shared.adapters.http.policy import Role, policy
from shared.adapters.http.positions import span_of
from shared.adapters.http.streams import opened
from shared.adapters.runtime import Resources, Views
from shared.contracts.words import Channel, ComplaintStatus, Severity
from shared.kernel.ids import new_id
from shared.kernel.ports import Context
from shared.kernel.shapes import items_of, page_of

COMPLAINTS = "/api/v1/complaints"
STAFF: tuple[Role, ...] = ("service_agent", "quality_engineer", "quality_manager", "admin")
READERS: tuple[Role, ...] = (*STAFF, "department_lead", "auditor", "privacy_officer")


def routes(
    handlers: IntakeHandlers, investigations: OpenInvestigations, resources: Resources, views: Views
) -> APIRouter:
    router = APIRouter(prefix=COMPLAINTS, tags=["投诉 complaints"])
    _add_reads(router, resources, views)
    _add_registration(router, handlers)
    _add_commands(router, handlers, investigations)
    _add_resolution(router, handlers)
    return router


def _add_reads(router: APIRouter, resources: Resources, views: Views) -> None:
    readers = [policy(*READERS)]

    @router.get("", operation_id="listComplaints", dependencies=[*readers, answers(page_of(shapes.COMPLAINT_ROW))])
    async def many(
        read: Reading,
        page: Paging,
        status: ComplaintStatus | None = None,
        severity: Severity | None = None,
        channel: Channel | None = None,
        product: Annotated[str | None, Query(max_length=200)] = None,
        lot: Annotated[str | None, Query(max_length=200)] = None,
        defect_code: Annotated[str | None, Query(max_length=64)] = None,
        account: Annotated[str | None, Query(max_length=64)] = None,
        region: Annotated[str | None, Query(max_length=200)] = None,
        complaint_no: Annotated[str | None, Query(max_length=40)] = None,
        received_from: Annotated[str | None, Query(max_length=40)] = None,
        received_to: Annotated[str | None, Query(max_length=40)] = None,
        overdue: bool | None = None,
        sort: Sort = "-received_at",
    ) -> Response:
        """投诉列表 · Complaints, filtered and sorted."""
        await views.caught_up(read.tenant, read.after, [LIST.name, DUE_TIMES.name], read.patience)
        first, end = span_of(("received_from", received_from), ("received_to", received_to))
        asked = ComplaintFilter(
            now=resources.clock(),
            status=status,
            severity=severity,
            channel=channel,
            product=product,
            lot=lot,
            defect_code=defect_code,
            account=account,
            region=region,
            received_from=first,
            received_to=end,
            overdue=overdue,
            complaint_no=complaint_no,
        )
        after = page.place(str, UUID)
        rows = await complaints(resources.reads, read.tenant, asked, sort=sort, after=after, limit=page.limit + 1)
        shown, cursor = page.cut(rows, "sort_value", "id")
        for row in shown:
            del row["sort_value"]
        return listed(await opened(resources, read, shown), cursor)

    @router.get("/{complaint_id}", operation_id="getComplaint", dependencies=[*readers, answers(shapes.COMPLAINT)])
    async def one(complaint_id: UUID, read: ReadingAsOf) -> Response:
        """一件投诉（可按时点查询） · One complaint, also as of any moment."""
        events, positions = await complaint_of(resources, views, read, complaint_id)
        body = await opened(resources, read, complaint_view(events, read.language))
        return view(body, version=events[-1].meta.version, positions=positions)

    @router.get(
        "/{complaint_id}/timeline",
        operation_id="getComplaintTimeline",
        dependencies=[*readers, answers(items_of(shapes.TIMELINE_ENTRY))],
    )
    async def history(complaint_id: UUID, read: ReadingAsOf) -> Response:
        """时间线 · Everything that happened, in order."""
        events, positions = await complaint_of(resources, views, read, complaint_id)
        items = await opened(resources, read, timeline(events, read.language))
        return view({"items": items}, version=events[-1].meta.version, positions=positions)

    @router.get(
        "/{complaint_id}/deadlines",
        operation_id="getComplaintDeadlines",
        dependencies=[*readers, answers(items_of(shapes.DEADLINE_EXPLAINED))],
    )
    async def due(complaint_id: UUID, read: ReadingAsOf) -> Response:
        """时限及其依据 · What is due when, and which events make it so."""
        events, positions = await complaint_of(resources, views, read, complaint_id)
        items = deadlines_view(events, resources.clock(), read.language)
        return view({"items": items}, version=events[-1].meta.version, positions=positions)


def _add_registration(router: APIRouter, handlers: IntakeHandlers) -> None:
    @router.post(
        "", operation_id="registerComplaint", status_code=201, dependencies=[policy(*STAFF), answers(shapes.REGISTERED)]
    )
    async def register(body: RegisterBody, context: Creating, call: Calling) -> Response:
        """登记投诉 · Register a complaint."""
        sums = content_sums(call.edge.mac, context.tenant, call.body)
        command = body.command(new_id(), new_id(), context.now, await handlers.sla(context.tenant), sums)
        handled = await handlers.register(context, command)
        return created(SERVICE, handled.appended, location_of(handled.appended, COMPLAINTS))


def _add_commands(router: APIRouter, handlers: IntakeHandlers, investigations: OpenInvestigations) -> None:
    staff = [policy(*STAFF), answers(shapes.CHANGED)]

    async def handle(context: Context, complaint_id: UUID, command: ComplaintCommand) -> Response:
        return done(SERVICE, (await handlers.complaint(context, complaint_id, command)).appended)

    @router.post("/{complaint_id}/acknowledge", operation_id="acknowledgeComplaint", dependencies=staff)
    async def acknowledge(complaint_id: UUID, context: Writing) -> Response:
        """受理回执 · Acknowledge to the customer."""
        return await handle(context, complaint_id, AcknowledgeComplaint(now=context.now))

    @router.post("/{complaint_id}/triage", operation_id="triageComplaint", dependencies=staff)
    async def triage(complaint_id: UUID, body: TriageBody, context: Writing) -> Response:
        """按已发布规则初步评估 · Triage by the published rules; an override needs its reason."""
        handled = await handlers.triage(
            context,
            complaint_id,
            answer=body.override.answer() if body.override else None,
            override_reason=body.override_reason,
        )
        return done(SERVICE, handled.appended)

    @router.post("/{complaint_id}/correct", operation_id="correctComplaint", dependencies=staff)
    async def correct(complaint_id: UUID, body: CorrectBody, context: Writing) -> Response:
        """更正一项内容（保留原值） · Correct a detail; the old value stays."""
        check_value(body.field, body.value)
        command = CorrectDetail(path=body.field, value=body.value, reason=body.reason, now=context.now)
        return await handle(replace(context, reason=body.reason), complaint_id, command)

    @router.post("/{complaint_id}/hand-over", operation_id="handOverComplaint", dependencies=staff)
    async def hand_over(complaint_id: UUID, body: HandOverBody, context: Writing) -> Response:
        """移交调查 · Hand over to a new investigation, or join an open one."""
        if body.investigation_id is None:
            return await handle(context, complaint_id, HandOver(investigation_id=new_id(), mode="open"))
        target = await investigations.target(context.tenant, body.investigation_id)
        command = HandOver(investigation_id=body.investigation_id, mode="join", target=target)
        return await handle(context, complaint_id, command)

    @router.post("/{complaint_id}/close", operation_id="closeComplaint", dependencies=staff)
    async def close(complaint_id: UUID, context: Writing) -> Response:
        """关闭投诉 · Close: decision told, remedy done, customer accepted or silent."""
        return await handle(context, complaint_id, CloseComplaint(now=context.now))

    @router.post("/{complaint_id}/reopen", operation_id="reopenComplaint", dependencies=staff)
    async def reopen(complaint_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """重新打开 · Reopen, with the reason."""
        return await handle(replace(context, reason=body.reason), complaint_id, ReopenComplaint(reason=body.reason))


def _add_resolution(router: APIRouter, handlers: IntakeHandlers) -> None:
    staff = [policy(*STAFF), answers(shapes.CHANGED)]

    async def handle(context: Context, complaint_id: UUID, command: ComplaintCommand) -> Response:
        return done(SERVICE, (await handlers.complaint(context, complaint_id, command)).appended)

    @router.post("/{complaint_id}/respond", operation_id="respondToCustomer", dependencies=staff)
    async def respond(complaint_id: UUID, body: RespondBody, context: Writing) -> Response:
        """答复客户 · Record an answer to the customer."""
        return await handle(context, complaint_id, Respond(now=context.now, **body.model_dump()))

    @router.post("/{complaint_id}/offer-resolution", operation_id="offerResolution", dependencies=staff)
    async def offer(complaint_id: UUID, body: OfferBody, context: Writing) -> Response:
        """提出解决方案 · Offer a resolution; silence past the published period counts as acceptance."""
        command = OfferResolution(now=context.now, sla=await handlers.sla(context.tenant), **body.model_dump())
        return await handle(context, complaint_id, command)

    @router.post("/{complaint_id}/resolution", operation_id="recordCustomerAnswer", dependencies=staff)
    async def answered(complaint_id: UUID, body: CustomerAnswerBody, context: Writing) -> Response:
        """记录客户答复 · The customer accepts, or rejects and is told of further recourse."""
        if body.accepted:
            return await handle(context, complaint_id, AcceptResolution(now=context.now))
        if body.recourse is None:
            raise RecourseMissing
        return await handle(context, complaint_id, RejectResolution(recourse=body.recourse, words=body.words))

    @router.post("/{complaint_id}/remedy", operation_id="completeRemedy", dependencies=staff)
    async def remedy(complaint_id: UUID, body: RemedyBody, context: Writing) -> Response:
        """补救完成 · The remedy is done."""
        return await handle(context, complaint_id, body.command(context.now))

    @router.post("/{complaint_id}/satisfaction", operation_id="recordSatisfaction", dependencies=staff)
    async def satisfaction(complaint_id: UUID, body: SatisfactionBody, context: Writing) -> Response:
        """满意度 · How satisfied the customer was, 1 to 5."""
        return await handle(context, complaint_id, RecordSatisfaction(score=body.score))
