"""The request bodies of the investigation."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.investigation.readmodels.default_rules import default_rules
from shared.adapters.http.body import Amount, Body, Code, Line, Words
from shared.adapters.http.evidence import Evidence
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.investigation import InapplicableLeg
from shared.contracts.investigation.reference import FlowNode
from shared.contracts.investigation.responsibility import Share
from shared.contracts.party import Party
from shared.contracts.words import (
    Boundary,
    CauseCategory,
    CauseLeg,
    CauseLevel,
    Edition,
    InvestigationOutcome,
    PartyKind,
    RecordSystem,
    ReportStage,
    ShareKind,
    Verification,
)

Id = Annotated[UUID, Field(strict=False)]
Day = Annotated[date, Field(strict=False)]
Subject = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Lines = Annotated[tuple[Line, ...], Field(max_length=1000, strict=False)]
Codes = Annotated[tuple[Code, ...], Field(max_length=100, strict=False)]
TeamRole = Literal["champion", "leader", "production", "rd", "purchasing", "logistics", "quality", "service"]


class OpenBody(Body):
    """`product` chooses its own process flow where one is published."""

    product: Line | None = None


class JoinBody(Body):
    complaint_id: Id


class LeaveBody(Body):
    complaint_id: Id
    reason: Words


class TeamBody(Body):
    subject: Subject
    role: TeamRole


class ProblemBody(Body):
    """5W2H，小组自己的话 · in the team's own words."""

    statement: Words
    what: Words | None = None
    where: Words | None = None
    when: Words | None = None
    who: Words | None = None
    why: Words | None = None
    how: Words | None = None
    how_many: Words | None = None


class VerifyBody(Body):
    complaint_id: Id
    item_no: Annotated[int, Field(ge=1, le=1000)]
    outcome: Verification
    quantity: Annotated[Amount, Field(ge=0)]
    defect_codes: Codes = ()
    evidence: Evidence
    note: Words
    product: Line | None = None
    lot: Line | None = None


class CrossCheckBody(Body):
    complaint_id: Id
    item_no: Annotated[int, Field(ge=1, le=1000)]


class ExamineBody(Body):
    node: Code
    lot: Line


class ClearBody(Body):
    node: Code
    evidence: Evidence
    ground: Words | None = None


class SuspectBody(Body):
    node: Code
    ground: Words
    evidence: Evidence


class WhyBody(Body):
    leg: CauseLeg
    question: Words
    follows: Id | None = None


class AnswerBody(Body):
    answer: Words
    level: CauseLevel
    boundary: Boundary
    evidence: Evidence = ()


class CauseBody(Body):
    statement: Words
    category: CauseCategory
    leg: CauseLeg
    node: Code


class RuleOutBody(Body):
    ground: Words
    evidence: Evidence


class RootCauseBody(Body):
    """`last_why` is the last link of the chain; its level, boundary and evidence follow from it."""

    statement: Words
    leg: CauseLeg
    category: CauseCategory
    node: Code
    last_why: Id
    products: Lines
    lots: Lines = ()
    defect_codes: Codes = ()
    evidence: Evidence = ()
    join_capa: Id | None = None


class ReasonBody(Body):
    reason: Words


class PartyBody(Body):
    kind: PartyKind
    code: Code

    def party(self) -> Party:
        return Party(kind=self.kind, code=self.code)


class ProposeBody(Body):
    """`parties` names the outside parties by the rules' own words: {"supplier": "S-07"}."""

    root_cause_id: Id
    parties: Annotated[dict[Code, Code], Field(max_length=20, default_factory=dict)]
    evidence: Evidence = ()


class WhatIfBody(Body):
    """Another table over the same facts; nothing is recorded."""

    investigation_id: Id
    root_cause_id: Id
    parties: Annotated[dict[Code, Code], Field(max_length=20, default_factory=dict)]
    document: dict[str, Any] | None = None


class AcceptBody(Body):
    root_cause_id: Id
    party: PartyBody


class ContestBody(Body):
    root_cause_id: Id
    party: PartyBody
    grounds: Words
    private_note: Words | None = None


class ShareBody(Body):
    party: PartyBody
    kind: ShareKind
    percent: Annotated[Amount, Field(gt=0, le=100)] | None = None
    rule: Line
    clause: Line
    evidence: Evidence

    def share(self, evidence: tuple[EvidenceRef, ...]) -> Share:
        return Share(
            party=self.party.party(),
            kind=self.kind,
            percent=self.percent,
            rule=self.rule,
            clause=self.clause,
            evidence=evidence,
        )


class ReviseBody(Body):
    root_cause_id: Id
    shares: Annotated[tuple[ShareBody, ...], Field(min_length=1, max_length=20, strict=False)]
    grounds: Words
    answers: Annotated[tuple[PartyBody, ...], Field(max_length=20, strict=False)]


class UpholdBody(Body):
    root_cause_id: Id
    party: PartyBody
    grounds: Words


class RootCauseIdBody(Body):
    root_cause_id: Id


class ReportBody(Body):
    """`complaint_id` says whose customer the customer edition is for; it may be left out of a case of one complaint."""

    stage: ReportStage
    edition: Edition
    language: Literal["zh-CN", "en"]
    complaint_id: Id | None = None


class InapplicableLegBody(Body):
    """A leg without a root cause: `root_cause_confirmed` needs the occurrence and the escape, or the reason why not."""

    leg: CauseLeg
    reason: Words


class ConcludeBody(Body):
    outcome: InvestigationOutcome
    tried: Words
    statement: Words
    inapplicable: Annotated[tuple[InapplicableLegBody, ...], Field(max_length=3, strict=False)] = ()

    @property
    def excused(self) -> tuple[InapplicableLeg, ...]:
        return tuple(InapplicableLeg(leg=one.leg, reason=one.reason) for one in self.inapplicable)


class FlowNodeBody(Body):
    node: Code
    zh: Line
    en: Line
    system: RecordSystem
    department: Code
    checks: Lines = ()
    next: Codes = ()

    def flow_node(self) -> FlowNode:
        return FlowNode(**self.model_dump())


class FlowBody(Body):
    flow: Code
    nodes: Annotated[tuple[FlowNodeBody, ...], Field(min_length=1, max_length=200, strict=False)]
    product: Line | None = None
    reason: Words


class RulesBody(Body):
    rules: Code
    document: dict[str, Any]
    hearing_days: Annotated[int, Field(ge=0, le=365)]
    reason: Words

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"document": json.loads(default_rules().document)}


class MappingBody(Body):
    """`document`: which column of the source fills which field of a fact."""

    document: dict[str, Any]
    reason: Words

    @classmethod
    def example(cls) -> dict[str, Any]:
        fields = {
            "lot": {"column": "BATCH"},
            "location": {"column": "LOCATION"},
            "product": {"column": "ITEM"},
            "quantity": {"column": "QTY", "type": "decimal"},
            "unit": {"column": "UOM"},
            "status": {"column": "STATUS", "values": {"RELEASED": "released", "HOLD": "blocked"}},
            "counted_at": {"column": "COUNTED", "type": "datetime", "format": "%Y-%m-%d %H:%M"},
        }
        source = {"kind": "stock", "system": "WMS", "source": "WMS-1", "time_zone": "Asia/Shanghai"}
        return {"document": {"mapping": "stock", **source, "fields": fields}}
