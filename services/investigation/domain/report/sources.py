"""What a report is made of: its header, what is being done, and the case itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.investigation.domain.flow.default import Flow
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.dossier import Dossier
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import Edition, Effect, ReportStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`positions`: the logs as they stood; `complaint_id`: whose customer the customer edition is for.

    `zone`: the plant's, an IANA name; the page tells times in it.
    """

    report_no: str
    investigation_no: str
    stage: ReportStage
    edition: Edition
    issued_at: datetime
    zone: str
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
class ReportEffect:
    """Whether a CAPA's measures worked: bad units per million made in the window of production dates (both days in it).

    `verdict` None: not judged yet, or to be shown anew; figures None: not planned, or not measured.
    """

    capa_no: str
    closed: bool
    baseline_ppm: Decimal | None = None
    target_ppm: Decimal | None = None
    made_from: date | None = None
    made_to: date | None = None
    units: int | None = None
    confirmed_bad: Decimal | None = None
    pending_bad: Decimal | None = None
    bad_undated: Decimal | None = None
    ppm: Decimal | None = None
    verdict: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """What capa says: the actions, cancelled ones left out, and their effect, of all CAPAs that answer the causes."""

    actions: Sequence[ReportAction] = ()
    effects: Sequence[ReportEffect] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a report is made of. `confidential`: names and codes of all suppliers, carriers and customers known."""

    dossier: Dossier
    flow: Flow
    actions: Sequence[ReportAction]
    effects: Sequence[ReportEffect] = ()
    traces: Sequence[Trace] = ()
    confidential: frozenset[str] = frozenset()
