"""What a report is made of: its header, what is being done, and the case itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.investigation.domain.flow.default import Flow
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.dossier import Dossier
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import Edition, ReportStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`positions`: the logs as they stood; `complaint_id`: whose customer the customer edition is for."""

    report_no: str
    stage: ReportStage
    edition: Edition
    issued_at: datetime
    template_version: int
    positions: tuple[LogPosition, ...]
    complaint_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAction:
    """An action of a CAPA that answers this investigation. `cut_in`: `lot A-18`, as text."""

    capa_no: str
    action_no: int
    kind: str
    title: str
    department: str
    due_date: date
    status: str
    cut_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a report is made of. `confidential`: names and codes of all suppliers, carriers and customers known."""

    dossier: Dossier
    flow: Flow
    actions: Sequence[ReportAction]
    traces: Sequence[Trace] = ()
    confidential: frozenset[str] = frozenset()
