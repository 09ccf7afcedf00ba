"""What is known of each case, item, cause, share, investigation and CAPA: all that a KPI is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.party import Party
from shared.contracts.words import (
    CauseCategory,
    CauseLeg,
    Channel,
    ComplaintStatus,
    InvestigationOutcome,
    PartyKind,
    Severity,
    ShareKind,
    Verification,
)

Verdict = Literal["justified", "not_justified", "ntf", "pending"]
"""Of an item or a case: verified as a defect, as none of ours, as nothing found, or not verified yet."""

VERDICTS: tuple[Verdict, ...] = ("justified", "not_justified", "ntf", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A complained item by the last word on it: verification's before the claim's. Quantity in sales units."""

    complaint_id: UUID
    item_no: int
    product: str
    quantity: Decimal
    defect_codes: tuple[str, ...]
    outcome: Verification | None = None
    lot: str | None = None
    production_date: date | None = None

    @property
    def verdict(self) -> Verdict:
        match self.outcome:
            case None:
                return "pending"
            case "confirmed":
                return "justified"
            case "ntf":
                return "ntf"
            case "not_confirmed" | "use_error":
                return "not_justified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One complaint. A time is None until its step was taken; `closed_at` is the last closure, None while open.

    `promised_at` is when the final answer was due by the first promise; a later promise never moves it.
    `root_cause_at` and `concluded_at` are those of the investigation that the complaint is part of.
    """

    complaint_id: UUID
    complaint_no: str
    status: ComplaintStatus
    received_at: datetime
    channel: Channel
    products: tuple[str, ...]
    verdict: Verdict
    severity: Severity | None = None
    investigation_id: UUID | None = None
    promised_at: datetime | None = None
    acknowledged_at: datetime | None = None
    first_response_at: datetime | None = None
    triaged_at: datetime | None = None
    handed_over_at: datetime | None = None
    verified_at: datetime | None = None
    root_cause_at: datetime | None = None
    concluded_at: datetime | None = None
    outcome_at: datetime | None = None
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    remedied_at: datetime | None = None
    closed_at: datetime | None = None
    closures: int = 0
    reopenings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFact:
    """A confirmed root cause that was not withdrawn."""

    root_cause_id: UUID
    investigation_id: UUID
    statement: str
    node: str
    leg: CauseLeg
    category: CauseCategory
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]
    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFact:
    """What a party was confirmed to answer for. `percent` None: management, stated beside the 100.

    `appealed`: the party has appealed since, and the share is not yet upheld or revised (rule 12).
    """

    investigation_id: UUID
    root_cause_id: UUID
    party_kind: PartyKind
    party_code: str
    share_kind: ShareKind
    percent: Decimal | None
    rule: str
    clause: str
    leg: CauseLeg
    node: str
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]
    confirmed_at: datetime
    silent: bool = False
    appealed: bool = False

    @property
    def party(self) -> Party:
        return Party(kind=self.party_kind, code=self.party_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationFact:
    investigation_id: UUID
    investigation_no: str
    opened_at: datetime
    root_cause_at: datetime | None = None
    concluded_at: datetime | None = None
    outcome: InvestigationOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapaFact:
    capa_id: UUID
    capa_no: str
    opened_at: datetime
    products: tuple[str, ...]
    effectiveness: Literal["none", "planned", "measured", "confirmed", "failed"]
    closed_at: datetime | None = None


def verdict_of(items: list[Item]) -> Verdict:
    """A case is justified by one justified item; else pending while one is; else ntf only if nothing else was said."""
    verdicts = {item.verdict for item in items}
    for one in ("justified", "pending", "not_justified", "ntf"):
        if one in verdicts:
            return one
    return "pending"
