"""The one type by which anything cites evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRef:
    """An event (service, position, sha256 = its chain hash), a fact (batch, row, sha256) or a blob (sha256).

    `sha256` is lower-case hex. Fields that don't apply to the kind are None; the edge checks existence and tenant.
    """

    kind: Literal["event", "fact", "blob"]
    tenant: str
    sha256: str
    service: str | None = None
    position: int | None = None
    batch: UUID | None = None
    row: int | None = None
