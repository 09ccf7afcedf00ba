"""From the claim to the cause: an investigation's life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.words import (
    CauseLeg,
    CheckAnswer,
    Harm,
    InvestigationOutcome,
    RecordSystem,
    Severity,
    SuspectVerdict,
    Verification,
)


@event(zh="调查已启动", en="Investigation opened")
class InvestigationOpened(Event):
    investigation_id: UUID
    investigation_no: str
    flow: str
    flow_version: int
    from_complaint: UUID | None = None


@event(zh="投诉已并入调查", en="Complaint joined")
class ComplaintJoined(Event):
    investigation_id: UUID
    complaint_id: UUID
    complaint_no: str
    items: tuple[ComplaintItem, ...]
    received_at: datetime
    aware_at: datetime
    severity: Severity
    harm: Harm
    account: str | None = None
    region: str | None = None
    order_no: str | None = None
    delivery_no: str | None = None
    occurred_at: datetime | None = None


@event(zh="投诉已退出调查", en="Complaint left")
class ComplaintLeft(Event):
    investigation_id: UUID
    complaint_id: UUID
    reason: str


@event(zh="小组成员已指派", en="Team member assigned")
class TeamMemberAssigned(Event):
    """`subject` is an opaque id of the staff register."""

    investigation_id: UUID
    subject: str
    role: Literal["champion", "leader", "production", "rd", "purchasing", "logistics", "quality", "service"]


@event(zh="问题描述已陈述", en="Problem stated")
class ProblemStated(Event):
    """The team's own words, by 5W2H; never the customer's."""

    investigation_id: UUID
    statement: str
    what: str | None = None
    where: str | None = None
    when: str | None = None
    who: str | None = None
    why: str | None = None
    how: str | None = None
    how_many: str | None = None


@event(zh="投诉项已验证", en="Item verified")
class ItemVerified(Event):
    """`production_date` is when the records say that the lot was made (the plant's day); None: they don't."""

    investigation_id: UUID
    complaint_id: UUID
    item_no: int
    outcome: Verification
    product: str
    quantity: Decimal
    defect_codes: tuple[str, ...]
    evidence: tuple[EvidenceRef, ...]
    note: str
    lot: str | None = None
    production_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """One check of the claim against one record: both values, as text, and where the record is (rule 7)."""

    check: str
    system: RecordSystem
    answer: CheckAnswer
    claimed: str | None
    recorded: str | None
    record: EvidenceRef | None = None


@event(zh="数据交叉验证已完成", en="Records cross-checked")
class RecordsCrossChecked(Event):
    """`facts_position` is the log position up to which facts were seen."""

    investigation_id: UUID
    complaint_id: UUID
    item_no: int
    checks: tuple[CrossCheck, ...]
    facts_position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one record at a node says. A gap (no record where one must be) is a finding too."""

    kind: Literal["operation_record", "equipment_parameter", "personnel_qualification", "inspection_report"]
    answer: Literal["in_order", "deviation", "gap"]
    text_zh: str
    text_en: str
    evidence: tuple[EvidenceRef, ...] = ()


@event(zh="流程节点已排查", en="Node examined")
class NodeExamined(Event):
    investigation_id: UUID
    node: str
    lot: str
    findings: tuple[Finding, ...]
    facts_position: int


@event(zh="流程节点已排除", en="Node cleared")
class NodeCleared(Event):
    investigation_id: UUID
    node: str
    evidence: tuple[EvidenceRef, ...]
    ground: str


@event(zh="流程节点已重新打开", en="Node reopened")
class NodeReopened(Event):
    """`corrected` is the evidence that no longer holds, `correction` what took its place (rule 8)."""

    investigation_id: UUID
    node: str
    corrected: EvidenceRef
    correction: EvidenceRef


@event(zh="可疑节点已确定", en="Suspect node identified")
class SuspectNodeIdentified(Event):
    investigation_id: UUID
    node: str
    ground: str
    evidence: tuple[EvidenceRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A level of an attribute: `supplier_lot=A-17`."""

    attribute: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectGroup:
    """Candidates that the data can't tell apart, and what the tests say of them (rule 9).

    p-values and the odds ratio with its 95 % interval are decimal texts of 6 significant digits; `odds_high` None: ∞.
    """

    rank: int
    members: tuple[Candidate, ...]
    units: int
    bad: int
    expected_bad: Decimal
    p_exact: Decimal
    p_adjusted: Decimal
    p_permutation: Decimal | None
    p_time_blocks: Decimal | None
    odds_ratio: Decimal | None
    odds_low: Decimal | None
    odds_high: Decimal | None
    verdict: SuspectVerdict
    nested_in: int | None
    apart_zh: str
    apart_en: str


@event(zh="可疑对象已排序", en="Suspects ranked")
class SuspectsRanked(Event):
    """`abstained` holds the reason when the data can't answer; then `groups` is empty."""

    investigation_id: UUID
    bad_when: str
    stratified_by: tuple[str, ...]
    units: int
    bad: int
    without_lot: int
    tests: int
    alpha: Decimal
    groups: tuple[SuspectGroup, ...]
    facts_position: int
    sentence_zh: str
    sentence_en: str
    abstained: str | None = None


@dataclass(frozen=True, kw_only=True)
class InapplicableLeg:
    """A leg of the root cause that the case doesn't have, and why not."""

    leg: CauseLeg
    reason: str


@event(zh="调查已结论", en="Investigation concluded")
class InvestigationConcluded(Event):
    """`statement` may be told to the customer: no shares, no supplier, no other customer in it (rules 16, 19).

    `inapplicable`: the legs without a root cause that is yet the whole of it (rule 10).
    """

    investigation_id: UUID
    outcome: InvestigationOutcome
    tried: str
    statement: str
    complaints: tuple[UUID, ...]
    inapplicable: tuple[InapplicableLeg, ...] = ()


@event(zh="调查已重新打开", en="Investigation reopened")
class InvestigationReopened(Event):
    investigation_id: UUID
    reason: str
