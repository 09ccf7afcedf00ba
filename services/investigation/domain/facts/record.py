"""A stored fact as the rules see it: its typed fields, and where it is, so that it can be cited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.investigation.domain.facts.fields import Record
from shared.contracts.evidence import EvidenceRef

FactId = tuple[UUID, int]
"""Batch and row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """One row of a batch. `position` is that of the batch's FactsCaptured; `superseded_by` its correction, if any."""

    tenant: str
    batch: UUID
    row: int
    sha256: str
    kind: str
    record: Record
    position: int
    superseded_by: FactId | None = None

    @property
    def evidence(self) -> EvidenceRef:
        return EvidenceRef(kind="fact", tenant=self.tenant, sha256=self.sha256, batch=self.batch, row=self.row)

    def text(self, field: str) -> str | None:
        """The field as text, as findings quote it; None where the source said nothing."""
        value = self.record.get(field)
        if value is None:
            return None
        return f"{value:f}" if isinstance(value, Decimal) else str(value)

    def number(self, field: str) -> Decimal | None:
        value = self.record.get(field)
        return Decimal(value) if isinstance(value, (int, Decimal)) else None

    def moment(self, field: str) -> datetime | None:
        value = self.record.get(field)
        return value if isinstance(value, datetime) else None


def fact_id(evidence: EvidenceRef) -> FactId | None:
    """Batch and row of a cited fact; None for an event or a blob."""
    if evidence.kind != "fact" or evidence.batch is None or evidence.row is None:
        return None
    return evidence.batch, evidence.row


def fact_ids(evidence: Iterable[EvidenceRef]) -> frozenset[FactId]:
    return frozenset(found for one in evidence if (found := fact_id(one)) is not None)


def distinct(evidence: Iterable[EvidenceRef]) -> tuple[EvidenceRef, ...]:
    """Each once, in the order of first mention."""
    return tuple(dict.fromkeys(evidence))
