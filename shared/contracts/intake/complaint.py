"""A complaint's life, as others may read it. Fields follow the registration form (客户质量投诉登记表)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.marks import Internal, PersonalText
from shared.contracts.words import (
    Channel,
    ClockName,
    Harm,
    InvestigationOutcome,
    Priority,
    Resolution,
    Scenario,
    Scope,
    Severity,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who complains. `account` and `region` are the company's own codes, not personal."""

    name: PersonalText
    contact: PersonalText | None = None
    phone: PersonalText | None = None
    email: PersonalText | None = None
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintItem:
    """What is complained about. Quantities are in the product's sales unit."""

    item_no: int
    product: str
    quantity_affected: Decimal
    model: str | None = None
    customer_part_no: str | None = None
    lot: str | None = None
    serials: tuple[str, ...] = ()
    gtin: str | None = None
    udi: str | None = None
    production_date: date | None = None
    expiry_date: date | None = None
    quantity_delivered: Decimal | None = None
    defect_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A clock that runs: what is due, when, and by which published policy and calendar."""

    clock: ClockName
    due_at: datetime
    policy: str
    policy_version: int
    calendar: str
    calendar_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    """A named text: an input of a decision, the keyed sum of a field."""

    name: str
    value: str


@event(zh="投诉已登记", en="Complaint registered")
class ComplaintRegistered(Event):
    """`received_at`: when it reached us; `aware_at`: when we knew it might be a quality problem.

    `content_sums` are keyed sums of the form's fields as sent, so that the same source reference with other content
    can be told by field name without revealing a value (rule 1).
    """

    complaint_id: UUID
    complaint_no: str
    channel: Channel
    received_at: datetime
    aware_at: datetime
    subject_id: UUID
    customer: Customer
    description: PersonalText
    items: tuple[ComplaintItem, ...]
    promises: tuple[Promise, ...]
    source_reference: str | None = None
    customer_claim_no: str | None = None
    order_no: str | None = None
    delivery_no: str | None = None
    occurred_at: datetime | None = None
    occurred_where: PersonalText | None = None
    scenario: Scenario | None = None
    harm: Harm = "none"
    sample_available: bool = False
    desired_resolution: Resolution | None = None
    content_sums: Annotated[tuple[NamedValue, ...], Internal()] = ()


@event(zh="投诉内容已更正", en="Complaint details corrected")
class ComplaintDetailsCorrected(Event):
    """`field` is a path of the form (`items[1].lot`, `customer.phone`); values are canonical JSON texts.

    Personal fields stand in `old_personal` and `new_personal`, all others in `old` and `new` (rule 2).
    """

    complaint_id: UUID
    field: str
    reason: str
    subject_id: UUID
    old: str | None = None
    new: str | None = None
    old_personal: PersonalText | None = None
    new_personal: PersonalText | None = None


@event(zh="附件已添加", en="Attachment added")
class AttachmentAdded(Event):
    """`sha256` is over the stored (sealed) bytes; `size` in bytes is that of the plain file."""

    complaint_id: UUID
    attachment_id: UUID
    subject_id: UUID
    kind: Literal["image", "video", "document"]
    media_type: str
    size: int
    sha256: str
    file_name: PersonalText


@event(zh="投诉已受理", en="Complaint acknowledged", version=2)
class ComplaintAcknowledged(Event):
    """Version 2 says whether a person did it: only then does it count as the first response."""

    complaint_id: UUID
    acknowledged_at: datetime
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageAnswer:
    severity: Severity
    scope: Scope
    priority: Priority
    response_plan: str | None = None


@event(zh="投诉已初步评估", en="Complaint triaged")
class ComplaintTriaged(Event):
    """`rule_answer` is what the published rule said, `answer` what holds; they differ only when overridden (rule 3)."""

    complaint_id: UUID
    triage_no: int
    rules: str
    rules_version: int
    inputs: tuple[NamedValue, ...]
    matched_row: str
    why_zh: str
    why_en: str
    rule_answer: TriageAnswer
    answer: TriageAnswer
    promises: tuple[Promise, ...]
    override_reason: str | None = None
    after_closure: bool = False


@event(zh="应急预案已启动", en="Emergency response activated")
class EmergencyResponseActivated(Event):
    complaint_id: UUID
    plan: str
    triage_no: int


@event(zh="投诉已移交调查", en="Complaint handed over")
class ComplaintHandedOver(Event):
    """Everything the investigation needs of the claim, and nothing personal."""

    complaint_id: UUID
    complaint_no: str
    investigation_id: UUID
    mode: Literal["open", "join"]
    items: tuple[ComplaintItem, ...]
    received_at: datetime
    aware_at: datetime
    severity: Severity
    scope: Scope
    harm: Harm
    account: str | None = None
    region: str | None = None
    order_no: str | None = None
    delivery_no: str | None = None
    occurred_at: datetime | None = None
    scenario: Scenario | None = None


@event(zh="调查结论已记录", en="Investigation outcome recorded")
class InvestigationOutcomeRecorded(Event):
    complaint_id: UUID
    investigation_id: UUID
    outcome: InvestigationOutcome
    statement: str


@event(zh="已答复客户", en="Customer response sent")
class CustomerResponseSent(Event):
    """`tells_decision`: the customer has now been told what was decided (rule 15)."""

    complaint_id: UUID
    subject_id: UUID
    channel: Channel
    body: PersonalText
    automatic: bool
    tells_decision: bool
    sent_at: datetime


@event(zh="已提出解决方案", en="Resolution offered")
class ResolutionOffered(Event):
    """The customer's silence past `respond_by` counts as acceptance, by the published policy version."""

    complaint_id: UUID
    resolution_no: int
    resolution: Resolution
    terms: str
    respond_by: datetime
    policy: str
    policy_version: int


@event(zh="客户接受解决方案", en="Resolution accepted")
class ResolutionAccepted(Event):
    complaint_id: UUID
    resolution_no: int
    by: Literal["customer", "silence"]


@event(zh="客户拒绝解决方案", en="Resolution rejected")
class ResolutionRejected(Event):
    """`recourse`: the further ways the customer was told of (ISO 10002:2018 7.9)."""

    complaint_id: UUID
    subject_id: UUID
    resolution_no: int
    recourse: str
    words: PersonalText | None = None


@event(zh="补救已完成", en="Remedy completed")
class RemedyCompleted(Event):
    complaint_id: UUID
    resolution_no: int
    completed_at: datetime
    note: str | None = None
    replacement_serial: str | None = None
    refund_amount: Decimal | None = None
    refund_currency: str | None = None


@event(zh="满意度已记录", en="Satisfaction recorded")
class SatisfactionRecorded(Event):
    """`score` from 1 (very dissatisfied) to 5 (very satisfied)."""

    complaint_id: UUID
    score: int


@event(zh="投诉已关闭", en="Complaint closed")
class ComplaintClosed(Event):
    complaint_id: UUID
    closed_at: datetime
    accepted_by: Literal["customer", "silence"]


@event(zh="投诉已重新打开", en="Complaint reopened")
class ComplaintReopened(Event):
    complaint_id: UUID
    reason: str


@event(zh="时限已超期", en="Deadline breached")
class DeadlineBreached(Event):
    complaint_id: UUID
    clock: ClockName
    due_at: datetime
