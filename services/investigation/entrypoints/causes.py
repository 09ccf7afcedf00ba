"""REST of whys, causes and root causes."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.domain.investigation.commands import (
    AnswerWhy,
    AskWhy,
    ConfirmRootCause,
    DeclareCapaNotRequired,
    ProposeCause,
    RuleOutCause,
    WithdrawRootCause,
)
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import (
    AnswerBody,
    CauseBody,
    ReasonBody,
    RootCauseBody,
    RuleOutBody,
    WhyBody,
)
from services.investigation.entrypoints.http import ONE, SERVICE, WRITERS
from shared.adapters.http.answers import answers, created, done
from shared.adapters.http.conventions import Creating, Writing
from shared.adapters.http.evidence import Citable
from shared.adapters.http.policy import policy
from shared.kernel.ids import derived_id
from shared.kernel.ports import Context

ROOT = f"{ONE}/root-causes/{{root_cause_id}}"


def routes(handlers: InvestigationHandlers, citable: Citable) -> APIRouter:
    router = APIRouter(tags=["原因 causes"], dependencies=[policy(*WRITERS), answers(shapes.CHANGED)])
    _add_whys(router, handlers, citable)
    _add_roots(router, handlers, citable)
    return router


def _id(context: Context, what: str) -> UUID:
    """From the command's key: the retry of a lost answer makes the same thing."""
    return derived_id(what, context.tenant, context.key.scope, context.key.key)


def _add_whys(router: APIRouter, handlers: InvestigationHandlers, citable: Citable) -> None:
    @router.post(f"{ONE}/whys", operation_id="askWhy", status_code=201, dependencies=[answers(shapes.PART_MADE)])
    async def ask(investigation_id: UUID, body: WhyBody, context: Creating) -> Response:
        """提出为什么 · Ask a why, or the next one of its chain."""
        command = AskWhy(why_id=_id(context, "why"), **body.model_dump())
        return created(SERVICE, (await handlers.ask_why(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/whys/{{why_id}}/answer", operation_id="answerWhy")
    async def answer(investigation_id: UUID, why_id: UUID, body: AnswerBody, context: Writing) -> Response:
        """回答为什么（附证据） · Answer it, with evidence."""
        told = body.model_dump() | {"evidence": await citable.refs(body.evidence, context.tenant)}
        command = AnswerWhy(why_id=why_id, **told)
        return done(SERVICE, (await handlers.answer_why(context, investigation_id, command)).appended)

    @router.post(
        f"{ONE}/causes", operation_id="proposeCause", status_code=201, dependencies=[answers(shapes.PART_MADE)]
    )
    async def propose(investigation_id: UUID, body: CauseBody, context: Creating) -> Response:
        """提出可能原因（人机料法环测） · Propose a cause."""
        command = ProposeCause(cause_id=_id(context, "cause"), **body.model_dump())
        return created(SERVICE, (await handlers.propose_cause(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/causes/{{cause_id}}/rule-out", operation_id="ruleOutCause")
    async def rule_out(investigation_id: UUID, cause_id: UUID, body: RuleOutBody, context: Writing) -> Response:
        """排除原因 · Rule a cause out, with evidence."""
        command = RuleOutCause(
            cause_id=cause_id, ground=body.ground, evidence=await citable.refs(body.evidence, context.tenant)
        )
        return done(SERVICE, (await handlers.rule_out_cause(context, investigation_id, command)).appended)


def _add_roots(router: APIRouter, handlers: InvestigationHandlers, citable: Citable) -> None:
    @router.post(
        f"{ONE}/root-causes", operation_id="confirmRootCause", status_code=201, dependencies=[answers(shapes.PART_MADE)]
    )
    async def confirm(investigation_id: UUID, body: RootCauseBody, context: Creating) -> Response:
        """确认根本原因 · Confirm; a refusal names the question that is still open."""
        told = body.model_dump() | {"evidence": await citable.refs(body.evidence, context.tenant)}
        command = ConfirmRootCause(root_cause_id=_id(context, "root cause"), by=context.actor.subject, **told)
        return created(SERVICE, (await handlers.confirm_root_cause(context, investigation_id, command)).appended)

    @router.post(f"{ROOT}/withdraw", operation_id="withdrawRootCause")
    async def withdraw(investigation_id: UUID, root_cause_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """撤回根本原因 · Withdraw, with the reason."""
        command = WithdrawRootCause(root_cause_id=root_cause_id, reason=body.reason)
        told = replace(context, reason=body.reason)
        return done(SERVICE, (await handlers.withdraw_root_cause(told, investigation_id, command)).appended)

    @router.post(
        f"{ROOT}/capa-not-required",
        operation_id="declareCapaNotRequired",
        dependencies=[policy("quality_manager", "admin")],
    )
    async def no_capa(investigation_id: UUID, root_cause_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """批准无需 CAPA（不得由确认根本原因者批准） · Approve that none is needed; not who confirmed the root cause."""
        command = DeclareCapaNotRequired(root_cause_id=root_cause_id, reason=body.reason, by=context.actor.subject)
        told = replace(context, reason=body.reason)
        return done(SERVICE, (await handlers.declare_capa_not_required(told, investigation_id, command)).appended)
