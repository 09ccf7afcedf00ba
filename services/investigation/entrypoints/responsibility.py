"""REST of responsibility: proposed by public rules, heard, confirmed by somebody outside the bearing parties."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.ports import References
from services.investigation.application.responsibility import Responsibility
from services.investigation.domain.investigation.commands import (
    AcceptShare,
    ConfirmResponsibility,
    ContestShare,
    ReviseResponsibility,
    UpholdShare,
)
from services.investigation.domain.reference.published import PublishedRules
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import (
    AcceptBody,
    ContestBody,
    ProposeBody,
    ReviseBody,
    RootCauseIdBody,
    UpholdBody,
    WhatIfBody,
)
from services.investigation.entrypoints.http import CONCERNED, ONE, SERVICE, WRITERS
from services.investigation.readmodels.hearings import MODEL as HEARINGS
from services.investigation.readmodels.hearings import HearingFilter, hearings
from services.investigation.readmodels.investigation_list import MODEL as LIST
from services.investigation.readmodels.responsibility_records import MODEL as RECORDS
from services.investigation.readmodels.responsibility_records import RecordFilter, records
from shared.adapters.http.answers import answers, done, listed, view
from shared.adapters.http.conventions import Calling, Paging, Reading, Writing
from shared.adapters.http.evidence import Citable
from shared.adapters.http.party import party_in
from shared.adapters.http.policy import Role, policy
from shared.adapters.http.positions import moment_of, span_of
from shared.adapters.runtime import Resources, Views
from shared.kernel.codec import encode_plain
from shared.kernel.shapes import page_of

PARTIES: tuple[Role, ...] = ("supplier", "department_lead", "quality_manager", "admin")


def routes(
    handlers: InvestigationHandlers,
    shares: Responsibility,
    references: References,
    citable: Citable,
    resources: Resources,
    views: Views,
) -> APIRouter:
    router = APIRouter(tags=["责任 responsibility"])
    _add_proposals(router, handlers, shares, references, citable)
    _add_hearing(router, handlers)
    _add_questions(router, shares, references, resources, views)
    return router


def _add_proposals(
    router: APIRouter,
    handlers: InvestigationHandlers,
    shares: Responsibility,
    references: References,
    citable: Citable,
) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(f"{ONE}/responsibility", operation_id="proposeResponsibility", dependencies=writers)
    async def propose(investigation_id: UUID, body: ProposeBody, context: Writing) -> Response:
        """按已发布规则提出责任 · Propose shares by the published rules."""
        evidence = await citable.refs(body.evidence, context.tenant)
        handled = await shares.propose(context, investigation_id, body.root_cause_id, body.parties, evidence)
        return done(SERVICE, handled.appended)

    @router.post(f"{ONE}/revise-responsibility", operation_id="reviseResponsibility", dependencies=writers)
    async def revise(investigation_id: UUID, body: ReviseBody, context: Writing, call: Calling) -> Response:
        """修订责任（答复异议） · Revise in answer to objections; the old version stays."""
        days = (await references.rules(context.tenant)).hearing_days
        command = ReviseResponsibility(
            root_cause_id=body.root_cause_id,
            shares=tuple([one.share(await citable.refs(one.evidence, context.tenant)) for one in body.shares]),
            grounds=body.grounds,
            answers=tuple(one.party() for one in body.answers),
            hear_by=context.now + timedelta(days=days),
            now=context.now,
            by=context.actor.subject,
            speaks_for=call.who.parties,
        )
        return done(SERVICE, (await handlers.revise_responsibility(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/uphold", operation_id="upholdShare", dependencies=writers)
    async def uphold(investigation_id: UUID, body: UpholdBody, context: Writing, call: Calling) -> Response:
        """维持责任 · Uphold a contested share, with grounds."""
        command = UpholdShare(
            root_cause_id=body.root_cause_id,
            party=body.party.party(),
            grounds=body.grounds,
            by=context.actor.subject,
            speaks_for=call.who.parties,
        )
        return done(SERVICE, (await handlers.uphold_share(context, investigation_id, command)).appended)

    @router.post(
        f"{ONE}/confirm-responsibility",
        operation_id="confirmResponsibility",
        dependencies=[policy("quality_manager", "admin"), answers(shapes.CHANGED)],
    )
    async def confirm(investigation_id: UUID, body: RootCauseIdBody, context: Writing, call: Calling) -> Response:
        """确认责任（提出人和责任方除外） · Confirm: neither the proposer nor of a bearing party."""
        command = ConfirmResponsibility(
            root_cause_id=body.root_cause_id,
            now=context.now,
            by=context.actor.subject,
            speaks_for=call.who.parties,
        )
        return done(SERVICE, (await handlers.confirm_responsibility(context, investigation_id, command)).appended)


def _add_hearing(router: APIRouter, handlers: InvestigationHandlers) -> None:
    parties = [policy(*PARTIES), answers(shapes.CHANGED)]

    @router.post(f"{ONE}/accept-share", operation_id="acceptShare", dependencies=parties)
    async def accept(investigation_id: UUID, body: AcceptBody, context: Writing, call: Calling) -> Response:
        """接受责任 · A party accepts its share."""
        command = AcceptShare(
            root_cause_id=body.root_cause_id,
            party=body.party.party(),
            by=context.actor.subject,
            speaks_for=call.who.parties,
        )
        return done(SERVICE, (await handlers.accept_share(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/contest", operation_id="contestShare", dependencies=parties)
    async def contest(investigation_id: UUID, body: ContestBody, context: Writing, call: Calling) -> Response:
        """异议或申诉 · Object before the confirmation, appeal after it; the private note stays the party's own."""
        command = ContestShare(
            root_cause_id=body.root_cause_id,
            party=body.party.party(),
            grounds=body.grounds,
            now=context.now,
            by=context.actor.subject,
            speaks_for=call.who.parties,
            private_note=body.private_note,
        )
        return done(SERVICE, (await handlers.contest_share(context, investigation_id, command)).appended)


def _add_questions(
    router: APIRouter, shares: Responsibility, references: References, resources: Resources, views: Views
) -> None:
    @router.get(
        "/api/v1/responsibility-records",
        operation_id="listResponsibilityRecords",
        dependencies=[policy(*CONCERNED), answers(page_of(shapes.RECORD_ROW))],
    )
    async def many(
        read: Reading,
        page: Paging,
        party: Annotated[str | None, Query(max_length=100, description="类别:代码 · kind:code")] = None,
        node: Annotated[str | None, Query(max_length=64)] = None,
        leg: Annotated[str | None, Query(max_length=20)] = None,
        product: Annotated[str | None, Query(max_length=200)] = None,
        investigation_id: UUID | None = None,
        confirmed_from: Annotated[str | None, Query(alias="from", max_length=40, description="RFC 3339")] = None,
        confirmed_to: Annotated[str | None, Query(alias="to", max_length=40, description="RFC 3339")] = None,
    ) -> Response:
        """责任记录（新的在前；责任方只看到自己的） · Confirmed shares, newest first; parties see their own."""
        await views.caught_up(read.tenant, read.after, [RECORDS.name, LIST.name], read.patience)
        since, until = span_of(("from", confirmed_from), ("to", confirmed_to))
        asked = RecordFilter(
            party=party_in("party", party),
            node=node,
            leg=leg,
            product=product,
            investigation_id=investigation_id,
            since=since,
            until=until,
            parties=read.principal.shares_shown,
        )
        after = page.place(datetime.fromisoformat, UUID, int)
        rows = await records(resources.reads, read.tenant, asked, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, "confirmed_at", "root_cause_id", "share_no"))

    @router.get(
        "/api/v1/responsibility/hearings",
        operation_id="listHearings",
        dependencies=[policy(*CONCERNED), answers(page_of(shapes.HEARING_ROW))],
    )
    async def awaiting(
        read: Reading,
        page: Paging,
        state: Literal["awaited", "contested", "confirmed"] | None = None,
        party: Annotated[str | None, Query(max_length=100, description="类别:代码 · kind:code")] = None,
        investigation_id: UUID | None = None,
        due_before: Annotated[str | None, Query(max_length=40, description="RFC 3339")] = None,
    ) -> Response:
        """责任听证（期限近的在前；责任方只看到自己的） · Whose answer is awaited, nearest deadline first."""
        await views.caught_up(read.tenant, read.after, [HEARINGS.name, LIST.name], read.patience)
        asked = HearingFilter(
            party=party_in("party", party),
            state=state,
            investigation_id=investigation_id,
            due_before=moment_of("due_before", due_before),
            parties=read.principal.shares_shown,
        )
        after = page.place(datetime.fromisoformat, UUID)
        rows = await hearings(resources.reads, read.tenant, asked, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, "hear_by", "root_cause_id"))

    @router.post(
        "/api/v1/responsibility/what-if",
        operation_id="whatIf",
        dependencies=[policy(*WRITERS, "auditor"), answers(shapes.WHAT_IF)],
    )
    async def what_if(body: WhatIfBody, read: Reading) -> Response:
        """若按另一套规则 · What other rules would give for that cause; nothing is recorded."""
        rules = await references.rules(read.tenant)
        if body.document is not None:
            rules = PublishedRules("what-if", 0, encode_plain(body.document).decode(), rules.hearing_days)
        found = await shares.what_if(read.tenant, body.investigation_id, body.root_cause_id, body.parties, rules)
        return view({"rules": rules.rules, "version": rules.version, "shares": msgspec.to_builtins(found)})
