"""What can be asked of a CAPA. `by` is the subject id of who asks, where the decision depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.capa.domain.effectiveness import BadItem, Counts
from shared.contracts.capa.capa import CutIn
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import ActionKind, CauseLeg, RecurrenceVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A confirmed root cause, as the investigation's event states it."""

    investigation_id: UUID
    root_cause_id: UUID
    statement: str
    leg: CauseLeg
    node: str
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCapa:
    """Open it with its first cause; where it is open already, address the cause."""

    capa_id: UUID
    capa_no: str
    title: str
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCause:
    capa_id: UUID
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCause:
    capa_id: UUID
    root_cause_id: UUID
    because: Literal["root_cause_withdrawn", "capa_not_required"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAction:
    """`revises` is the number of a returned action that is planned anew; None plans a further one."""

    capa_id: UUID
    kind: ActionKind
    title: str
    owner: str
    department: str
    due_date: date
    criterion: str
    by: str
    today: date
    root_cause_id: UUID | None = None
    complaint_id: UUID | None = None
    risk: str | None = None
    revises: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAction:
    capa_id: UUID
    action_no: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAction:
    capa_id: UUID
    action_no: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAction:
    capa_id: UUID
    action_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAction:
    capa_id: UUID
    action_no: int
    completed_on: date
    cut_in: CutIn
    note: str
    by: str
    today: date
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAction:
    """`met_criterion` False sends the action back to its owner, started."""

    capa_id: UUID
    action_no: int
    met_criterion: bool
    note: str
    by: str
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAction:
    capa_id: UUID
    action_no: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDueDate:
    capa_id: UUID
    action_no: int
    due_date: date
    reason: str
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSimilaritySearch:
    capa_id: UUID
    searched: str
    found: tuple[str, ...]
    conclusion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewControlPlan:
    """Either `updated` with its documents, or not needed with a reason."""

    capa_id: UUID
    updated: bool
    documents: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEffectivenessCheck:
    """`defect_codes` empty: every defect of the products counts."""

    capa_id: UUID
    baseline_ppm: Decimal
    target_ppm: Decimal
    made_from: date
    made_to: date
    minimum_units: int
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureEffectiveness:
    """`counts` were looked up for `state.window(capa)`, at `positions` of the logs."""

    capa_id: UUID
    measured_on: date
    counts: Counts
    positions: tuple[LogPosition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmEffectiveness:
    """`counts` are looked up now: the measurement must still say the same. `evidence`: audits, tests of parts."""

    capa_id: UUID
    note: str
    by: str
    counts: Counts
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailEffectiveness:
    capa_id: UUID
    note: str
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """A complained item and where it stands in its complaint."""

    complaint_id: UUID
    complaint_no: str
    item_no: int
    item: BadItem


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectRecurrences:
    """`complained` are the items to look at, whatever they are."""

    capa_id: UUID
    complained: tuple[Complained, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecurrence:
    capa_id: UUID
    complaint_id: UUID
    item_no: int
    verdict: RecurrenceVerdict
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLesson:
    capa_id: UUID
    lesson: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCapa:
    capa_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenCapa:
    capa_id: UUID
    reason: str


ActionCommand = (
    PlanAction
    | ApproveAction
    | ReturnAction
    | StartAction
    | CompleteAction
    | VerifyAction
    | CancelAction
    | ChangeDueDate
)
EffectivenessCommand = PlanEffectivenessCheck | MeasureEffectiveness | ConfirmEffectiveness | FailEffectiveness
RecurrenceCommand = SuspectRecurrences | ReviewRecurrence
CapaCommand = (
    OpenCapa
    | AddressCause
    | ReleaseCause
    | ActionCommand
    | RecordSimilaritySearch
    | ReviewControlPlan
    | EffectivenessCommand
    | RecurrenceCommand
    | RecordLesson
    | CloseCapa
    | ReopenCapa
)
