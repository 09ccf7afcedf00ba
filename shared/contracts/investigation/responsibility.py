"""Who answers for a cause, by public rules; and the report that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.marks import PrivateText
from shared.contracts.party import Party
from shared.contracts.words import CauseLeg, Edition, ReportStage, ShareKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`percent` is None for management responsibility, which stands beside the 100 (rule 11)."""

    party: Party
    kind: ShareKind
    percent: Decimal | None
    rule: str
    clause: str
    evidence: tuple[EvidenceRef, ...]


@event(zh="责任已提出", en="Responsibility proposed")
class ResponsibilityProposed(Event):
    """Each party may object until `hear_by`; silence past it counts as accepted.

    `proposed_by` is an opaque id: who proposes doesn't confirm (rule 11).
    """

    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    proposed_by: str
    rules: str
    rules_version: int
    shares: tuple[Share, ...]
    hear_by: datetime


@event(zh="责任方已接受", en="Responsibility accepted")
class ResponsibilityAccepted(Event):
    """`answered_by` is an opaque id: who answers for a party doesn't decide about its share (rule 11)."""

    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    party: Party
    answered_by: str | None = None


@event(zh="责任方提出异议", en="Responsibility contested")
class ResponsibilityContested(Event):
    """`stage`: objection before confirmation, appeal after it. The private note stays the party's own (rule 13).

    `answered_by` is an opaque id: who answers for a party doesn't decide about its share (rule 11).
    """

    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    party: Party
    stage: Literal["objection", "appeal"]
    grounds: str
    party_key: UUID | None = None
    private_note: PrivateText | None = None
    answered_by: str | None = None


@event(zh="责任已修订", en="Responsibility revised")
class ResponsibilityRevised(Event):
    """A new proposal that answers the contested ones; the old one stays readable (rule 12)."""

    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    proposed_by: str
    shares: tuple[Share, ...]
    grounds: str
    answers: tuple[Party, ...]
    hear_by: datetime


@event(zh="责任已维持", en="Responsibility upheld")
class ResponsibilityUpheld(Event):
    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    party: Party
    grounds: str


@event(zh="责任已确认", en="Responsibility confirmed")
class ResponsibilityConfirmed(Event):
    """`silent` are the parties who didn't answer in time and so accepted (rule 11)."""

    investigation_id: UUID
    root_cause_id: UUID
    proposal_no: int
    shares: tuple[Share, ...]
    silent: tuple[Party, ...]
    leg: CauseLeg
    node: str
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    service: str
    position: int


@event(zh="追溯报告已签发", en="Traceability report issued")
class TraceabilityReportIssued(Event):
    """The stored bytes are blobs named by their SHA-256; issued again they are the same, byte for byte (rule 16)."""

    investigation_id: UUID
    report_id: UUID
    report_no: str
    stage: ReportStage
    edition: Edition
    language: Literal["zh-CN", "en"]
    template_version: int
    positions: tuple[LogPosition, ...]
    json_sha256: str
    html_sha256: str
