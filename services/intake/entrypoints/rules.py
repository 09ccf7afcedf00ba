"""REST of published rules and of data subjects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.data_subject.decider import EraseSubject, LiftLegalHold, PlaceLegalHold
from services.intake.domain.reference.decider import (
    PublishRetentionPolicy,
    PublishSlaPolicy,
    PublishTriageRules,
)
from services.intake.entrypoints import shapes
from services.intake.entrypoints.bodies import (
    FindBody,
    LegalHoldBody,
    ReasonBody,
    RetentionPolicyBody,
    SlaPolicyBody,
    TriageRulesBody,
)
from services.intake.entrypoints.reading import SERVICE
from shared.adapters.http.answers import answers, done, view
from shared.adapters.http.conventions import Reading, Writing
from shared.adapters.http.policy import any_role, policy
from shared.contracts.intake.reference import SlaPolicyPublished
from shared.kernel.codec import encode_plain

API = "/api/v1"


def rule_routes(handlers: IntakeHandlers) -> APIRouter:
    """Everybody in the tenant may read every published rule; managers and administrators publish."""
    router = APIRouter(prefix=API, tags=["规则 rules"])
    publishers = [policy("quality_manager", "admin"), answers(shapes.PUBLISHED)]

    @router.get("/triage-rules", operation_id="getTriageRules", dependencies=[any_role(), answers(shapes.TRIAGE_RULES)])
    async def triage_rules(read: Reading) -> Response:
        """现行分级规则 · The triage rules in force."""
        rules: dict[str, Any] = msgspec.to_builtins(await handlers.triage_rules(read.tenant))
        return view(rules | {"document": msgspec.json.decode(rules["document"])})

    @router.put("/triage-rules", operation_id="publishTriageRules", dependencies=publishers)
    async def publish_triage(body: TriageRulesBody, context: Writing) -> Response:
        """发布分级规则 · Publish a new version of the triage rules."""
        document = encode_plain(body.document).decode()
        command = PublishTriageRules(rules=body.rules, document=document, reason=body.reason)
        return done(SERVICE, (await handlers.publish(replace(context, reason=body.reason), command)).appended)

    @router.get("/sla-policies", operation_id="getSlaPolicy", dependencies=[any_role(), answers(SlaPolicyPublished)])
    async def sla(read: Reading) -> Response:
        """现行时限政策 · The SLA policy in force."""
        return view(msgspec.to_builtins(await handlers.sla(read.tenant)))

    @router.put("/sla-policies", operation_id="publishSlaPolicy", dependencies=publishers)
    async def publish_sla(body: SlaPolicyBody, context: Writing) -> Response:
        """发布时限政策 · Publish a new version of the SLA policy."""
        command = PublishSlaPolicy(
            policy=body.policy,
            lengths=tuple(one.length() for one in body.lengths),
            silence_days=body.silence_days,
            reason=body.reason,
        )
        return done(SERVICE, (await handlers.publish(replace(context, reason=body.reason), command)).appended)

    @router.get(
        "/retention-policies", operation_id="getRetentionPolicy", dependencies=[any_role(), answers(shapes.RETENTION)]
    )
    async def retention(read: Reading) -> Response:
        """现行保留政策 · The retention policy in force; null where none was published."""
        return view({"policy": msgspec.to_builtins(await handlers.retention(read.tenant))})

    @router.put("/retention-policies", operation_id="publishRetentionPolicy", dependencies=publishers)
    async def publish_retention(body: RetentionPolicyBody, context: Writing) -> Response:
        """发布保留政策 · Publish a new version of the retention policy."""
        command = PublishRetentionPolicy(**body.model_dump())
        return done(SERVICE, (await handlers.publish(replace(context, reason=body.reason), command)).appended)

    return router


def subject_routes(handlers: IntakeHandlers) -> APIRouter:
    router = APIRouter(
        prefix=f"{API}/data-subjects",
        tags=["个人数据 data subjects"],
        dependencies=[policy("privacy_officer"), answers(shapes.SUBJECT_CHANGED)],
    )

    @router.post("/find", operation_id="findDataSubject", dependencies=[answers(shapes.SUBJECTS)])
    async def find(body: FindBody, read: Reading) -> Response:
        """按电话或邮箱查找 · Whose phone or email this is."""
        return view({"items": await handlers.find_subjects(read.tenant, body.kind, body.value)})

    @router.post("/{subject_id}/erase", operation_id="eraseDataSubject")
    async def erase(subject_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """删除个人数据（销毁密钥） · Erase the person: the key is destroyed in every service."""
        command = EraseSubject(
            subject_id=subject_id, today=context.now.date(), reason=body.reason, complaints=(), retention=None
        )
        return done(SERVICE, (await handlers.erase(replace(context, reason=body.reason), command)).appended)

    @router.post("/{subject_id}/legal-hold", operation_id="placeLegalHold")
    async def hold(subject_id: UUID, body: LegalHoldBody, context: Writing) -> Response:
        """设置法律保全 · Place a legal hold."""
        known = await handlers.is_known(context.tenant, subject_id)
        command = PlaceLegalHold(subject_id=subject_id, basis=body.basis, until=body.until, is_known=known)
        return done(SERVICE, (await handlers.subject(context, subject_id, command)).appended)

    @router.post("/{subject_id}/legal-hold/lift", operation_id="liftLegalHold")
    async def lift(subject_id: UUID, body: ReasonBody, context: Writing) -> Response:
        """解除法律保全 · Lift the legal hold."""
        known = await handlers.is_known(context.tenant, subject_id)
        command = LiftLegalHold(subject_id=subject_id, reason=body.reason, is_known=known)
        return done(SERVICE, (await handlers.subject(context, subject_id, command)).appended)

    return router
