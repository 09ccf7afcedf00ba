"""The request bodies of intake, and the commands that they become."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from services.intake.application.defaults import default_triage
from services.intake.domain.complaint.commands import CompleteRemedy, RegisterComplaint
from services.intake.domain.reference.defaults import DEFAULT_SLA
from shared.adapters.http.body import Amount, Body, Code, Count, Line, LongText, Moment, Words
from shared.contracts.intake.complaint import ComplaintItem, Customer, NamedValue, TriageAnswer
from shared.contracts.intake.reference import ClockLength, SlaPolicyPublished
from shared.contracts.words import Channel, ClockName, Harm, Priority, Resolution, Scenario, Scope, Severity
from shared.kernel.codec import encode_plain

Day = Annotated[date, Field(strict=False)]
Id = Annotated[UUID, Field(strict=False)]
Phone = Annotated[str, Field(min_length=3, max_length=40, pattern=r"^[+() .\-]*([0-9][+() .\-]*){3,}$")]
"""At least three figures: by its figures a customer is found again."""

Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
MAX_ITEMS = 200


class CustomerBody(Body):
    """投诉人 · who complains."""

    name: Line
    contact: Line | None = None
    phone: Phone | None = None
    email: Email | None = None
    account: Code | None = None
    region: Line | None = None


class ItemBody(Body):
    """投诉项 · one item; numbered in the order sent."""

    product: Line
    quantity_affected: Annotated[Amount, Field(gt=0)]
    model: Line | None = None
    customer_part_no: Line | None = None
    lot: Line | None = None
    serials: Annotated[tuple[Line, ...], Field(max_length=1000, strict=False)] = ()
    gtin: Code | None = None
    udi: Line | None = None
    production_date: Day | None = None
    expiry_date: Day | None = None
    quantity_delivered: Annotated[Amount, Field(gt=0)] | None = None
    defect_codes: Annotated[tuple[Code, ...], Field(max_length=50, strict=False)] = ()

    def item(self, number: int) -> ComplaintItem:
        return ComplaintItem(item_no=number, **self.model_dump())


class RegisterBody(Body):
    """客户质量投诉登记表 · the registration form."""

    channel: Channel
    customer: CustomerBody
    description: LongText
    items: Annotated[tuple[ItemBody, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False)]
    source_reference: Line | None = None
    customer_claim_no: Line | None = None
    order_no: Line | None = None
    delivery_no: Line | None = None
    received_at: Moment | None = None
    aware_at: Moment | None = None
    occurred_at: Moment | None = None
    occurred_where: Line | None = None
    scenario: Scenario | None = None
    harm: Harm = "none"
    sample_available: bool = False
    desired_resolution: Resolution | None = None

    def command(
        self, id_: UUID, subject_id: UUID, now: datetime, sla: SlaPolicyPublished, sums: tuple[NamedValue, ...]
    ) -> RegisterComplaint:
        """Received now where nothing else is said; aware when received."""
        received_at = self.received_at or now
        return RegisterComplaint(
            complaint_id=id_,
            complaint_no="",
            now=now,
            channel=self.channel,
            received_at=received_at,
            aware_at=self.aware_at or received_at,
            subject_id=subject_id,
            customer=Customer(**self.customer.model_dump()),
            description=self.description,
            items=tuple(item.item(number) for number, item in enumerate(self.items, start=1)),
            sla=sla,
            source_reference=self.source_reference,
            customer_claim_no=self.customer_claim_no,
            order_no=self.order_no,
            delivery_no=self.delivery_no,
            occurred_at=self.occurred_at,
            occurred_where=self.occurred_where,
            scenario=self.scenario,
            harm=self.harm,
            sample_available=self.sample_available,
            desired_resolution=self.desired_resolution,
            content_sums=sums,
        )


def content_sums(mac: Callable[..., bytes], tenant: str, form: bytes) -> tuple[NamedValue, ...]:
    """A keyed sum of each field as sent: tells that a field differs, never what it holds (rule 1)."""
    sent: dict[str, msgspec.Raw] = msgspec.json.decode(form, type=dict[str, msgspec.Raw])
    plain = {name: encode_plain(msgspec.json.decode(raw)) for name, raw in sent.items()}
    return tuple(
        NamedValue(name=name, value=mac(b"content", tenant.encode(), name.encode(), text).hex()[:32])
        for name, text in sorted(plain.items())
    )


class TriageAnswerBody(Body):
    """初步评估结论 · an answer that overrides the rule's."""

    severity: Severity
    scope: Scope
    priority: Priority
    response_plan: Code | None = None

    def answer(self) -> TriageAnswer:
        return TriageAnswer(**self.model_dump())


class TriageBody(Body):
    """`override` needs a reason; without it the published rule's answer holds."""

    override: TriageAnswerBody | None = None
    override_reason: Words | None = None


class CorrectBody(Body):
    """`field`: items[1].lot, customer.phone …; `value`: any JSON that fits the field."""

    field: Annotated[str, Field(min_length=1, max_length=100)]
    value: Any
    reason: Words


class HandOverBody(Body):
    """Without an investigation a new one is opened; with one it is joined."""

    investigation_id: Id | None = None


class RespondBody(Body):
    channel: Channel
    body: LongText
    tells_decision: bool = False


class OfferBody(Body):
    resolution: Resolution
    terms: Words


class CustomerAnswerBody(Body):
    """接受或拒绝 · `recourse` is needed with a rejection: the further ways the customer was told of."""

    accepted: bool
    recourse: Words | None = None
    words: LongText | None = None


class RemedyBody(Body):
    note: Words | None = None
    replacement_serial: Line | None = None
    refund_amount: Annotated[Amount, Field(gt=0)] | None = None
    refund_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    def command(self, now: datetime) -> CompleteRemedy:
        return CompleteRemedy(now=now, **self.model_dump())


class SatisfactionBody(Body):
    score: Annotated[int, Field(ge=1, le=5)]


class ReasonBody(Body):
    reason: Words


class LegalHoldBody(Body):
    basis: Words
    until: Day | None = None


class FindBody(Body):
    """Sent as a body, so that no phone or address stands in a URL."""

    kind: Literal["phone", "email"]
    value: Annotated[str, Field(min_length=3, max_length=254)]


class TriageRulesBody(Body):
    """`document`: a decision table in JDM."""

    rules: Code
    document: dict[str, Any]
    reason: Words

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"document": json.loads(default_triage().document)}


class ClockLengthBody(Body):
    clock: ClockName
    hours: Annotated[int, Field(ge=1, le=24 * 366)]
    severity: Severity | None = None

    def length(self) -> ClockLength:
        return ClockLength(**self.model_dump())


class SlaPolicyBody(Body):
    policy: Code
    lengths: Annotated[tuple[ClockLengthBody, ...], Field(max_length=50, strict=False)]
    silence_days: Annotated[int, Field(ge=1, le=365)]
    reason: Words

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Every severity needs its clocks."""
        return {"lengths": msgspec.to_builtins(DEFAULT_SLA.lengths)}


class RetentionPolicyBody(Body):
    policy: Code
    keep_days: Annotated[Count, Field(le=36_600)]
    basis: Words
    reason: Words
