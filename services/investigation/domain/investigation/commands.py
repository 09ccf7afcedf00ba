"""What can be asked of an investigation. Time, ids, the actor and looked-up facts come with the command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.investigation.domain.facts.record import FactId
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.investigation import (
    ComplaintJoined,
    CrossCheck,
    Finding,
    InapplicableLeg,
    SuspectsRanked,
)
from shared.contracts.investigation.responsibility import LogPosition, Share
from shared.contracts.party import Party
from shared.contracts.words import (
    Boundary,
    CauseCategory,
    CauseLeg,
    CauseLevel,
    Edition,
    InvestigationOutcome,
    ReportStage,
    Verification,
)

TeamRole = Literal["champion", "leader", "production", "rd", "purchasing", "logistics", "quality", "service"]


@dataclass(frozen=True, kw_only=True)
class OpenInvestigation:
    """`joined`: the complaint that a hand-over brings; None where the house opens one by itself."""

    investigation_id: UUID
    investigation_no: str
    flow: str
    flow_version: int
    joined: ComplaintJoined | None = None


@dataclass(frozen=True, kw_only=True)
class JoinComplaint:
    """`joined` is what the hand-over said of it; None where it was never handed over to any investigation."""

    complaint_id: UUID
    joined: ComplaintJoined | None


@dataclass(frozen=True, kw_only=True)
class LeaveComplaint:
    complaint_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class AssignTeamMember:
    subject: str
    role: TeamRole


@dataclass(frozen=True, kw_only=True)
class StateProblem:
    """The team's own words; the rest are the answers of 5W2H."""

    statement: str
    what: str | None = None
    where: str | None = None
    when: str | None = None
    who: str | None = None
    why: str | None = None
    how: str | None = None
    how_many: str | None = None


@dataclass(frozen=True, kw_only=True)
class VerifyItem:
    """`lot` None keeps the claimed one; `quantity` is what was verified with that outcome, in sales units.

    `production_date` is what the records say of that lot, looked up by the handler.
    """

    complaint_id: UUID
    item_no: int
    outcome: Verification
    quantity: Decimal
    defect_codes: tuple[str, ...]
    evidence: tuple[EvidenceRef, ...]
    note: str
    product: str | None = None
    lot: str | None = None
    production_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class RecordCrossCheck:
    complaint_id: UUID
    item_no: int
    checks: tuple[CrossCheck, ...]
    facts_position: int


@dataclass(frozen=True, kw_only=True)
class ExamineNode:
    """`flow_nodes` are the names of the case's published flow, looked up; without the look-up no node is known."""

    node: str
    lot: str
    findings: tuple[Finding, ...]
    facts_position: int
    flow_nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ClearNode:
    """`superseded`: which of the cited facts have a correction by now, looked up. `ground`: why despite a finding."""

    node: str
    evidence: tuple[EvidenceRef, ...]
    flow_nodes: frozenset[str] = frozenset()
    ground: str | None = None
    superseded: frozenset[FactId] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SuspectNode:
    node: str
    ground: str
    evidence: tuple[EvidenceRef, ...]
    flow_nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A fact and what took its place."""

    corrected: EvidenceRef
    correction: EvidenceRef


@dataclass(frozen=True, kw_only=True)
class CorrectEvidence:
    """Facts were superseded: every cleared node that rests on one of them reopens (rule 8)."""

    corrections: tuple[Correction, ...]


@dataclass(frozen=True, kw_only=True)
class RankSuspects:
    """A localisation's answer, recorded as it is."""

    ranking: SuspectsRanked


@dataclass(frozen=True, kw_only=True)
class AskWhy:
    why_id: UUID
    leg: CauseLeg
    question: str
    follows: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerWhy:
    why_id: UUID
    answer: str
    level: CauseLevel
    boundary: Boundary
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProposeCause:
    cause_id: UUID
    statement: str
    category: CauseCategory
    leg: CauseLeg
    node: str
    flow_nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RuleOutCause:
    cause_id: UUID
    ground: str
    evidence: tuple[EvidenceRef, ...]


@dataclass(frozen=True, kw_only=True)
class ConfirmRootCause:
    """`last_why` is the last link: the chain, its level, boundary and evidence follow from it (rule 10)."""

    root_cause_id: UUID
    statement: str
    leg: CauseLeg
    category: CauseCategory
    node: str
    last_why: UUID
    products: tuple[str, ...]
    lots: tuple[str, ...]
    defect_codes: tuple[str, ...]
    by: str
    flow_nodes: frozenset[str] = frozenset()
    evidence: tuple[EvidenceRef, ...] = ()
    join_capa: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawRootCause:
    root_cause_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeclareCapaNotRequired:
    """`by` approves it, and so isn't who confirmed the root cause."""

    root_cause_id: UUID
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ProposeResponsibility:
    root_cause_id: UUID
    rules: str
    rules_version: int
    shares: tuple[Share, ...]
    hear_by: datetime
    now: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class AcceptShare:
    """`speaks_for`: the parties whom the actor belongs to, from the token."""

    root_cause_id: UUID
    party: Party
    by: str
    speaks_for: frozenset[Party]


@dataclass(frozen=True, kw_only=True)
class ContestShare:
    """An objection before the confirmation, an appeal after it. `party_key` owns the key of the private note."""

    root_cause_id: UUID
    party: Party
    grounds: str
    now: datetime
    by: str
    speaks_for: frozenset[Party]
    party_key: UUID | None = None
    private_note: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReviseResponsibility:
    root_cause_id: UUID
    shares: tuple[Share, ...]
    grounds: str
    answers: tuple[Party, ...]
    hear_by: datetime
    now: datetime
    by: str
    speaks_for: frozenset[Party]


@dataclass(frozen=True, kw_only=True)
class UpholdShare:
    root_cause_id: UUID
    party: Party
    grounds: str
    by: str
    speaks_for: frozenset[Party]


@dataclass(frozen=True, kw_only=True)
class ConfirmResponsibility:
    root_cause_id: UUID
    now: datetime
    by: str
    speaks_for: frozenset[Party]


@dataclass(frozen=True, kw_only=True)
class IssueReport:
    """`capa_actions`: how many planned, not cancelled actions answer this investigation's causes, looked up."""

    report_id: UUID
    report_no: str
    stage: ReportStage
    edition: Edition
    language: Literal["zh-CN", "en"]
    template_version: int
    positions: tuple[LogPosition, ...]
    json_sha256: str
    html_sha256: str
    capa_actions: int


@dataclass(frozen=True, kw_only=True)
class Conclude:
    """`confidential`: names and codes of suppliers and other customers, looked up; the statement can't hold them."""

    outcome: InvestigationOutcome
    tried: str
    statement: str
    inapplicable: tuple[InapplicableLeg, ...] = ()
    confidential: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reopen:
    reason: str


CaseCommand = (
    OpenInvestigation
    | JoinComplaint
    | LeaveComplaint
    | AssignTeamMember
    | StateProblem
    | VerifyItem
    | RecordCrossCheck
    | Conclude
    | Reopen
)
NodeCommand = ExamineNode | ClearNode | SuspectNode | CorrectEvidence | RankSuspects
CauseCommand = (
    AskWhy | AnswerWhy | ProposeCause | RuleOutCause | ConfirmRootCause | WithdrawRootCause | DeclareCapaNotRequired
)
ResponsibilityCommand = (
    ProposeResponsibility | AcceptShare | ContestShare | ReviseResponsibility | UpholdShare | ConfirmResponsibility
)
InvestigationCommand = CaseCommand | NodeCommand | CauseCommand | ResponsibilityCommand | IssueReport
