"""Issuing a traceability report (rule 16): content, bytes and page first, then the event that pins them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from services.investigation.application.handlers import HandledCase, InvestigationHandlers
from services.investigation.application.ports import Render, Sight
from services.investigation.application.report_sources import ReportSources
from services.investigation.domain.investigation.commands import IssueReport
from services.investigation.domain.report.customer import whose
from services.investigation.domain.report.document import canonical, document, refuse_leaking
from services.investigation.domain.report.sources import Header
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import Edition, ReportStage
from shared.kernel.ports import Blobs, Context, EventLog, Numbers

NUMBER_SCOPE = "report_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAsked:
    """`complaint_id`: whose customer the customer edition is for; needed where there are several complaints."""

    report_id: UUID
    stage: ReportStage
    edition: Edition
    language: Literal["zh-CN", "en"]
    complaint_id: UUID | None = None


class Reports:
    def __init__(
        self,
        handlers: InvestigationHandlers,
        sources: ReportSources,
        log: EventLog,
        blobs: Blobs,
        numbers: Numbers,
        sight: Sight,
        render: Render,
        template_version: int,
        zone: str,
    ) -> None:
        self._handlers = handlers
        self._sources = sources
        self._log = log
        self._blobs = blobs
        self._numbers = numbers
        self._sight = sight
        self._render = render
        self._template_version = template_version
        self._zone = zone

    async def issue(self, context: Context, investigation_id: UUID, asked: ReportAsked) -> HandledCase:
        if (first := await self._handlers.answered(context, investigation_id)) is not None:
            return first
        here = (await self._log.heads()).get(context.tenant, 0)
        done, there = await self._sight.actions.now(context.tenant, investigation_id)
        dossier = await self._sources.dossier(context.tenant, investigation_id, here)
        for_whom = whose(dossier, asked.complaint_id) if asked.edition == "customer" else asked.complaint_id
        year = context.now.year
        number = f"R{year}-{await self._numbers.next(context.tenant, NUMBER_SCOPE, year):04d}"
        header = Header(
            report_no=number,
            investigation_no=dossier.opened.investigation_no if dossier.opened else "",
            stage=asked.stage,
            edition=asked.edition,
            issued_at=context.now,
            zone=self._zone,
            template_version=self._template_version,
            positions=(
                LogPosition(service="capa", position=there),
                LogPosition(service=self._log.service, position=here),
            ),
            complaint_id=for_whom,
        )
        sources = await self._sources.sources(context.tenant, dossier, header, done)
        content = canonical(told := document(header, sources))
        page = self._render(msgspec.json.decode(content), asked.language)
        refuse_leaking(header, sources, told, lambda one: self._render(one, asked.language))
        command = IssueReport(
            report_id=asked.report_id,
            report_no=number,
            stage=asked.stage,
            edition=asked.edition,
            language=asked.language,
            template_version=self._template_version,
            positions=header.positions,
            json_sha256=await self._blobs.put(context.tenant, _whole(content)),
            html_sha256=await self._blobs.put(context.tenant, _whole(page)),
            capa_actions=len(done.actions),
        )
        return await self._handlers.handle(
            context, investigation_id, command, answer=lambda _, __: _issued(investigation_id, command)
        )


def _issued(investigation_id: UUID, command: IssueReport) -> dict[str, str]:
    return {
        "id": str(command.report_id),
        "investigation_id": str(investigation_id),
        "report_no": command.report_no,
        "json_sha256": command.json_sha256,
        "html_sha256": command.html_sha256,
    }


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
