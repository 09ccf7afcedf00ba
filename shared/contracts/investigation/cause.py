"""Why it happened: cause trees and root causes."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.words import Boundary, CauseCategory, CauseLeg, CauseLevel


@event(zh="已提出为什么", en="Why asked")
class WhyAsked(Event):
    """`follows` is the why whose answer this one questions; None starts a chain of its leg."""

    investigation_id: UUID
    why_id: UUID
    leg: CauseLeg
    question: str
    follows: UUID | None = None


@event(zh="已回答为什么", en="Why answered")
class WhyAnswered(Event):
    investigation_id: UUID
    why_id: UUID
    answer: str
    level: CauseLevel
    boundary: Boundary
    evidence: tuple[EvidenceRef, ...]


@event(zh="原因已提出", en="Cause proposed")
class CauseProposed(Event):
    investigation_id: UUID
    cause_id: UUID
    statement: str
    category: CauseCategory
    leg: CauseLeg
    node: str


@event(zh="原因已排除", en="Cause ruled out")
class CauseRuledOut(Event):
    investigation_id: UUID
    cause_id: UUID
    ground: str
    evidence: tuple[EvidenceRef, ...]


@event(zh="根本原因已确认", en="Root cause confirmed")
class RootCauseConfirmed(Event):
    """`chain` are the answered whys from symptom to root, unbroken (rule 10). Opens or joins a CAPA (rule 15).

    `confirmed_by` is an opaque id: who confirmed doesn't approve that no CAPA is needed.
    """

    investigation_id: UUID
    root_cause_id: UUID
    statement: str
    leg: CauseLeg
    level: CauseLevel
    boundary: Boundary
    category: CauseCategory
    node: str
    chain: tuple[UUID, ...]
    evidence: tuple[EvidenceRef, ...]
    products: tuple[str, ...]
    lots: tuple[str, ...]
    defect_codes: tuple[str, ...]
    join_capa: UUID | None = None
    confirmed_by: str | None = None


@event(zh="根本原因已撤回", en="Root cause withdrawn")
class RootCauseWithdrawn(Event):
    investigation_id: UUID
    root_cause_id: UUID
    reason: str


@event(zh="无需 CAPA", en="CAPA not required")
class CapaNotRequired(Event):
    investigation_id: UUID
    root_cause_id: UUID
    reason: str
    approver: str
