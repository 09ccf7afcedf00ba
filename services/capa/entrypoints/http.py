"""REST of CAPAs: reading, and what a CAPA as a whole is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.capa.application.handlers import CapaHandlers
from services.capa.domain.capa.commands import (
    CloseCapa,
    RecordLesson,
    RecordSimilaritySearch,
    ReopenCapa,
    ReviewControlPlan,
    ReviewRecurrence,
)
from services.capa.domain.capa.decider import CAPA
from services.capa.entrypoints import shapes
from services.capa.entrypoints.bodies import (
    ControlPlanBody,
    LessonBody,
    ReasonBody,
    RecurrenceReviewBody,
    SimilarityBody,
)
from services.capa.readmodels.action_list import MODEL as ACTIONS
from services.capa.readmodels.capa_list import MODEL as LIST
from services.capa.readmodels.capa_list import CapaFilter, Sort, capas
from services.capa.readmodels.capa_view import CapaView, capa_view
from services.capa.readmodels.lessons import MODEL as LESSONS
from services.capa.readmodels.lessons import lessons
from shared.adapters.http.answers import answers, done, listed, view
from shared.adapters.http.body import Ordinal
from shared.adapters.http.conventions import Paging, Reading, ReadingAsOf, Writing
from shared.adapters.http.policy import Role, policy
from shared.adapters.http.streams import stream_of
from shared.adapters.runtime import Resources, Views
from shared.kernel.shapes import items_of, page_of

SERVICE = "capa"
CAPAS = "/api/v1/capas"
WRITERS: tuple[Role, ...] = ("quality_engineer", "quality_manager", "department_lead", "admin")
READERS: tuple[Role, ...] = (*WRITERS, "service_agent", "auditor")


def routes(handlers: CapaHandlers, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(tags=["CAPA"])
    _add_reads(router, resources, views)
    _add_commands(router, handlers)
    return router


def _add_reads(router: APIRouter, resources: Resources, views: Views) -> None:
    readers = [policy(*READERS)]

    @router.get(CAPAS, operation_id="listCapas", dependencies=[*readers, answers(page_of(shapes.CAPA_ROW))])
    async def many(
        read: Reading,
        page: Paging,
        status: Literal["open", "closed"] | None = None,
        effectiveness: Annotated[str | None, Query(max_length=20)] = None,
        investigation_id: UUID | None = None,
        product: Annotated[str | None, Query(max_length=200)] = None,
        defect_code: Annotated[str | None, Query(max_length=64)] = None,
        recurrence_suspected: bool | None = None,
        sort: Sort = "-opened_at",
    ) -> Response:
        """CAPA 列表 · CAPAs, filtered and sorted."""
        await views.caught_up(read.tenant, read.after, [LIST.name, ACTIONS.name], read.patience)
        asked = CapaFilter(
            status=status,
            effectiveness=effectiveness,
            investigation_id=investigation_id,
            product=product,
            defect_code=defect_code,
            recurrence_suspected=recurrence_suspected,
        )
        after = page.place(datetime.fromisoformat if sort.endswith("opened_at") else str, UUID)
        rows = await capas(resources.reads, read.tenant, asked, sort=sort, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, sort.removeprefix("-"), "id"))

    @router.get(f"{CAPAS}/{{capa_id}}", operation_id="getCapa", dependencies=[*readers, answers(CapaView)])
    async def one(capa_id: UUID, read: ReadingAsOf) -> Response:
        """一个 CAPA（可按时点查询） · One CAPA, also as of any moment."""
        events, positions = await stream_of(resources, views, read, CAPA.stream(capa_id))
        return view(capa_view(events), version=events[-1].meta.version, positions=positions)

    @router.get(
        "/api/v1/knowledge",
        operation_id="searchKnowledge",
        dependencies=[*readers, answers(items_of(shapes.LESSONS_ROW))],
    )
    async def knowledge(
        read: Reading,
        q: Annotated[str, Query(min_length=1, max_length=200)],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """知识库 · Lessons whose words, products or defects hold the text."""
        await views.caught_up(read.tenant, read.after, [LESSONS.name], read.patience)
        return view({"items": await lessons(resources.reads, read.tenant, q, limit)})


def _add_commands(router: APIRouter, handlers: CapaHandlers) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]
    one = f"{CAPAS}/{{capa_id}}"

    @router.post(f"{one}/similarity", operation_id="recordSimilaritySearch", dependencies=writers)
    async def similarity(capa_id: UUID, body: SimilarityBody, context: Writing) -> Response:
        """检索相似情况 · Record the search for similar nonconformities."""
        command = RecordSimilaritySearch(capa_id=capa_id, **body.model_dump())
        return done(SERVICE, (await handlers.record_similarity_search(context, command)).appended)

    @router.post(f"{one}/control-plan", operation_id="reviewControlPlan", dependencies=writers)
    async def control_plan(capa_id: UUID, body: ControlPlanBody, context: Writing) -> Response:
        """评审 PFMEA 与控制计划 · Updated, or not needed with a reason."""
        command = ReviewControlPlan(capa_id=capa_id, **body.model_dump())
        return done(SERVICE, (await handlers.review_control_plan(context, command)).appended)

    @router.post(f"{one}/lessons", operation_id="recordLesson", dependencies=writers)
    async def lesson(capa_id: UUID, body: LessonBody, context: Writing) -> Response:
        """记录经验教训 · Record a lesson."""
        command = RecordLesson(capa_id=capa_id, lesson=body.lesson, keywords=body.keywords)
        return done(SERVICE, (await handlers.record_lesson(context, command)).appended)

    @router.post(
        f"{one}/recurrences/{{complaint_id}}/{{item_no}}/review",
        operation_id="reviewRecurrence",
        dependencies=[policy("quality_engineer", "quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def recurrence(
        capa_id: UUID, complaint_id: UUID, item_no: Ordinal, body: RecurrenceReviewBody, context: Writing
    ) -> Response:
        """评审疑似复发 · Review a suspected recurrence; not by who owns or completed an action."""
        command = ReviewRecurrence(
            capa_id=capa_id,
            complaint_id=complaint_id,
            item_no=item_no,
            verdict=body.verdict,
            reason=body.reason,
            by=context.actor.subject,
        )
        told = replace(context, reason=body.reason)
        return done(SERVICE, (await handlers.review_recurrence(told, command)).appended)

    @router.post(
        f"{one}/close",
        operation_id="closeCapa",
        dependencies=[policy("quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def close(capa_id: UUID, context: Writing) -> Response:
        """关闭 CAPA · Close; a refusal lists everything that is missing."""
        return done(SERVICE, (await handlers.close(context, CloseCapa(capa_id=capa_id))).appended)

    @router.post(
        f"{one}/reopen",
        operation_id="reopenCapa",
        dependencies=[policy("quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def reopen(capa_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """重新打开 · Reopen, with the reason."""
        command = ReopenCapa(capa_id=capa_id, reason=body.reason)
        return done(SERVICE, (await handlers.reopen(replace(context, reason=body.reason), command)).appended)
