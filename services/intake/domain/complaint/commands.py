"""What can be asked of a complaint. Time, ids and looked-up facts come in with the command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from shared.contracts.intake.complaint import ComplaintItem, Customer, NamedValue, TriageAnswer
from shared.contracts.intake.reference import SlaPolicyPublished
from shared.contracts.words import Channel, ClockName, Harm, InvestigationOutcome, Resolution, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterComplaint:
    """`sla` is the policy in force; `subject_id` whose personal data this is, known or new."""

    complaint_id: UUID
    complaint_no: str
    now: datetime
    channel: Channel
    received_at: datetime
    aware_at: datetime
    subject_id: UUID
    customer: Customer
    description: str
    items: tuple[ComplaintItem, ...]
    sla: SlaPolicyPublished
    source_reference: str | None = None
    customer_claim_no: str | None = None
    order_no: str | None = None
    delivery_no: str | None = None
    occurred_at: datetime | None = None
    occurred_where: str | None = None
    scenario: Scenario | None = None
    harm: Harm = "none"
    sample_available: bool = False
    desired_resolution: Resolution | None = None
    content_sums: tuple[NamedValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAgain:
    """The same source reference comes once more: with the same content it is this complaint (rule 1)."""

    content_sums: tuple[NamedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDetail:
    """`value` is plain JSON for the field at `path` (`items[1].lot`); None empties an optional one."""

    path: str
    value: Any
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAttachment:
    """`media_type` as sniffed from the content, never as claimed; `sha256` of the sealed bytes."""

    attachment_id: UUID
    media_type: str
    size: int
    sha256: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeComplaint:
    now: datetime
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageComplaint:
    """`rule_answer` is what the published table said in row `matched_row`; `answer` overrides it where given."""

    now: datetime
    rules: str
    rules_version: int
    inputs: tuple[NamedValue, ...]
    matched_row: str
    why_zh: str
    why_en: str
    rule_answer: TriageAnswer
    sla: SlaPolicyPublished
    answer: TriageAnswer | None = None
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An investigation, as its log tells of it by now."""

    number: str
    concluded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """To a new investigation of that id, or to join an open one: `target`, None where there is none of that id."""

    investigation_id: UUID
    mode: Literal["open", "join"]
    target: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcome:
    investigation_id: UUID
    outcome: InvestigationOutcome
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    now: datetime
    channel: Channel
    body: str
    tells_decision: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferResolution:
    now: datetime
    resolution: Resolution
    terms: str
    sla: SlaPolicyPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResolution:
    """`by` silence comes from the timer, once `respond_by` has passed."""

    now: datetime
    by: Literal["customer", "silence"] = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectResolution:
    """`recourse`: the further ways that the customer is told of (ISO 10002:2018 7.9)."""

    recourse: str
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteRemedy:
    now: datetime
    note: str | None = None
    replacement_serial: str | None = None
    refund_amount: Decimal | None = None
    refund_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSatisfaction:
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseComplaint:
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenComplaint:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachDeadline:
    """The timer's: that clock was due at that instant."""

    clock: ClockName
    due_at: datetime


ComplaintCommand = (
    RegisterComplaint
    | RegisterAgain
    | CorrectDetail
    | AddAttachment
    | AcknowledgeComplaint
    | TriageComplaint
    | HandOver
    | RecordOutcome
    | Respond
    | OfferResolution
    | AcceptResolution
    | RejectResolution
    | CompleteRemedy
    | RecordSatisfaction
    | CloseComplaint
    | ReopenComplaint
    | BreachDeadline
)
