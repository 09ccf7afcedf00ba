"""REST of the traceability report (质量问题追溯报告): issued once, the same bytes for ever."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from services.investigation.application.report_check import Checked, ReportCheck
from services.investigation.application.reports import ReportAsked, Reports
from services.investigation.domain.errors import ReportDamaged
from services.investigation.domain.investigation.decider import investigation
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import ReportBody
from services.investigation.entrypoints.http import ONE, READERS, SERVICE, WRITERS
from services.investigation.readmodels.sight import ACTIONS_FOLLOW
from shared.adapters.http.answers import HTML, JSON, answers, created, view
from shared.adapters.http.conventions import Creating, Read, Reading
from shared.adapters.http.policy import policy
from shared.adapters.http.streams import stream_of
from shared.adapters.runtime import Resources, Views
from shared.contracts.investigation.responsibility import TraceabilityReportIssued
from shared.kernel.errors import NotFound
from shared.kernel.ids import derived_id

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""The page carries its own style and loads nothing."""


def routes(reports: Reports, checking: ReportCheck, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(tags=["报告 reports"])

    @router.post(
        f"{ONE}/reports",
        operation_id="issueReport",
        status_code=201,
        dependencies=[policy(*WRITERS), answers(shapes.REPORT_ISSUED)],
    )
    async def issue(investigation_id: UUID, body: ReportBody, context: Creating, read: Reading) -> Response:
        """签发追溯报告 · Issue: content and page are stored, the event pins positions and sums."""
        await views.caught_up(read.tenant, read.after, ACTIONS_FOLLOW, read.patience)
        id_ = derived_id("report", context.tenant, context.key.scope, context.key.key)
        asked = ReportAsked(report_id=id_, **body.model_dump())
        return created(SERVICE, (await reports.issue(context, investigation_id, asked)).appended)

    async def issued(investigation_id: UUID, read: Read, report_id: UUID | None) -> TraceabilityReportIssued:
        events, _ = await stream_of(resources, views, read, investigation.stream(investigation_id))
        reports = [r.event for r in events if isinstance(r.event, TraceabilityReportIssued)]
        found = next((one for one in reversed(reports) if report_id in (None, one.report_id)), None)
        if found is None:
            raise NotFound(what="report", id=str(report_id or investigation_id))
        return found

    @router.get(f"{ONE}/report/check", operation_id="checkReport", dependencies=[policy(*READERS), answers(Checked)])
    async def checked(investigation_id: UUID, read: Reading, report_id: UUID | None = None) -> Response:
        """按所记位置重新推导报告并比对 · Derive the newest report (or the one named) anew; where it differs."""
        return view(await checking.check(read.tenant, await issued(investigation_id, read, report_id)))

    @router.get(
        f"{ONE}/report.{{form}}",
        operation_id="getReport",
        dependencies=[policy(*READERS), answers(shapes.REPORT, JSON, HTML)],
    )
    async def stored(
        investigation_id: UUID, form: Literal["json", "html"], read: Reading, report_id: UUID | None = None
    ) -> Response:
        """追溯报告原文（最近签发的，或指定的） · The stored bytes of the newest report, or of the one named."""
        found = await issued(investigation_id, read, report_id)
        name = found.json_sha256 if form == "json" else found.html_sha256
        content = await checking.stored(read.tenant, name)
        if content is None:
            raise ReportDamaged(report_no=found.report_no)
        headers = {"Suyuan-Sha256": name, "Content-Language": found.language}
        if form == "html":
            headers["Content-Security-Policy"] = PAGE_POLICY
        kind = "application/json" if form == "json" else "text/html; charset=utf-8"
        return Response(content, media_type=kind, headers=headers)

    return router
