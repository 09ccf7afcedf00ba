"""Issuing a traceability report (rule 16): content, bytes and page first, then the event that pins them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from services.investigation.application.gathering import Gathering
from services.investigation.application.handlers import HandledCase, InvestigationHandlers
from services.investigation.application.ports import Render, Sight
from services.investigation.domain.errors import ComplaintNotJoined
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.commands import IssueReport
from services.investigation.domain.investigation.decider import investigation
from services.investigation.domain.investigation.dossier import Dossier, gathered
from services.investigation.domain.report.document import Header, ReportAction, Sources, canonical, document
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import Edition, ReportStage
from shared.kernel.errors import NotFound
from shared.kernel.ports import Blobs, Context, EventStore, Numbers

NUMBER_SCOPE = "report_no"
TRACED_LOTS = 10
"""Claimed lots whose genealogy the internal edition shows at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAsked:
    """`complaint_id` is needed for the customer edition: whose customer it is for."""

    report_id: UUID
    stage: ReportStage
    edition: Edition
    language: Literal["zh-CN", "en"]
    complaint_id: UUID | None = None


class Reports:
    def __init__(
        self,
        handlers: InvestigationHandlers,
        store: EventStore,
        blobs: Blobs,
        numbers: Numbers,
        sight: Sight,
        render: Render,
        template_version: int,
    ) -> None:
        self._handlers = handlers
        self._store = store
        self._blobs = blobs
        self._numbers = numbers
        self._sight = sight
        self._render = render
        self._template_version = template_version

    async def issue(self, context: Context, investigation_id: UUID, asked: ReportAsked) -> HandledCase:
        dossier, position = await self._dossier(context.tenant, investigation_id)
        actions = await self._sight.actions.of(context.tenant, investigation_id)
        year = context.now.year
        number = f"R{year}-{await self._numbers.next(context.tenant, NUMBER_SCOPE, year):04d}"
        header = Header(
            report_no=number,
            stage=asked.stage,
            edition=asked.edition,
            issued_at=context.now,
            template_version=self._template_version,
            positions=(LogPosition(service="investigation", position=position),),
            complaint_id=asked.complaint_id,
        )
        content = canonical(document(header, await self._sources(context.tenant, dossier, asked, actions)))
        page = self._render(msgspec.json.decode(content), asked.language)
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
            capa_actions=len(actions),
        )
        return await self._handlers.handle(
            context, investigation_id, command, answer=lambda _, __: _issued(investigation_id, command)
        )

    async def _dossier(self, tenant: str, investigation_id: UUID) -> tuple[Dossier, int]:
        loaded = await self._store.load(tenant, investigation.stream(investigation_id))
        if not loaded.events:
            raise NotFound(what="investigation", id=str(investigation_id))
        return gathered(recorded.event for recorded in loaded.events), loaded.events[-1].position

    async def _sources(
        self, tenant: str, dossier: Dossier, asked: ReportAsked, actions: Sequence[ReportAction]
    ) -> Sources:
        opened = dossier.opened
        assert opened is not None  # noqa: S101 - a stream begins with its opening
        flow = await self._sight.references.flow_version(tenant, opened.flow, opened.flow_version)
        if asked.edition == "internal":
            traces = await self._traces(tenant, dossier)
            return Sources(dossier=dossier, flow=flow, actions=actions, traces=traces)
        own = dossier.complaints.get(asked.complaint_id) if asked.complaint_id else None
        if own is None:
            raise ComplaintNotJoined(complaint_id=str(asked.complaint_id))
        names = await self._sight.names.confidential(tenant, own.account)
        return Sources(dossier=dossier, flow=flow, actions=actions, confidential=names)

    async def _traces(self, tenant: str, dossier: Dossier) -> tuple[Trace, ...]:
        until = await self._sight.facts.position(tenant)
        gathering = Gathering(self._sight.facts, tenant, until)
        lots = sorted({item.lot for joined in dossier.complaints.values() for item in joined.items if item.lot})
        return tuple([await gathering.trace(lot, "backward") for lot in lots[:TRACED_LOTS]])


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
