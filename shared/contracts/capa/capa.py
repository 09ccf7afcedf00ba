"""A corrective and preventive action from the cause it answers to its verified closure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import ActionKind, CauseLeg, CutInKind, RecurrenceVerdict


@event(zh="CAPA 已启动", en="CAPA opened")
class CapaOpened(Event):
    capa_id: UUID
    capa_no: str
    title: str
    investigation_id: UUID


@event(zh="原因已纳入 CAPA", en="Cause addressed")
class CauseAddressed(Event):
    capa_id: UUID
    investigation_id: UUID
    root_cause_id: UUID
    statement: str
    leg: CauseLeg
    node: str
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@event(zh="原因已移出 CAPA", en="Cause released")
class CauseReleased(Event):
    """The investigation no longer asks this CAPA to answer the cause: nothing here counts as an answer to it."""

    capa_id: UUID
    investigation_id: UUID
    root_cause_id: UUID
    because: Literal["root_cause_withdrawn", "capa_not_required"]
    reason: str


@event(zh="措施已计划", en="Action planned")
class ActionPlanned(Event):
    """What it answers: a root cause, a complaint, or a risk in words, by its kind (rule 14).

    `owner` and `planned_by` are opaque ids. The same `action_no` again is a returned action, planned anew.
    """

    capa_id: UUID
    action_no: int
    planned_by: str
    kind: ActionKind
    title: str
    owner: str
    department: str
    due_date: date
    criterion: str
    root_cause_id: UUID | None = None
    complaint_id: UUID | None = None
    risk: str | None = None


@event(zh="措施已批准", en="Action approved")
class ActionApproved(Event):
    capa_id: UUID
    action_no: int


@event(zh="措施已退回", en="Action returned")
class ActionReturned(Event):
    capa_id: UUID
    action_no: int
    reason: str


@event(zh="措施已开始", en="Action started")
class ActionStarted(Event):
    capa_id: UUID
    action_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutIn:
    """断点: the first lot, serial or date made with the measure in place. `made_from` is its production date."""

    kind: CutInKind
    value: str
    made_from: date


@event(zh="措施已完成", en="Action completed")
class ActionCompleted(Event):
    """`completed_by` is an opaque id: who completes doesn't verify (rule 14)."""

    capa_id: UUID
    action_no: int
    completed_by: str
    completed_on: date
    cut_in: CutIn
    note: str
    evidence: tuple[EvidenceRef, ...] = ()


@event(zh="措施已验证", en="Action verified")
class ActionVerified(Event):
    capa_id: UUID
    action_no: int
    met_criterion: bool
    note: str
    evidence: tuple[EvidenceRef, ...] = ()


@event(zh="措施已取消", en="Action cancelled")
class ActionCancelled(Event):
    capa_id: UUID
    action_no: int
    reason: str


@event(zh="措施期限已变更", en="Action due date changed")
class ActionDueDateChanged(Event):
    capa_id: UUID
    action_no: int
    first_due_date: date
    old_due_date: date
    due_date: date
    reason: str


@event(zh="已检索相似情况", en="Similarity searched")
class SimilaritySearched(Event):
    """ISO 9001:2015 10.2.1 b: do similar nonconformities exist, or could they? `found` names cases or processes."""

    capa_id: UUID
    searched: str
    found: tuple[str, ...]
    conclusion: str


@event(zh="控制计划已评审", en="Control plan reviewed")
class ControlPlanReviewed(Event):
    """PFMEA and control plan: what was updated, or why nothing needed to be."""

    capa_id: UUID
    updated: bool
    documents: tuple[str, ...]
    reason: str | None = None


@event(zh="效果验证已计划", en="Effectiveness check planned")
class EffectivenessCheckPlanned(Event):
    """Bad units per million made after the cut-in, in the window of production dates, against baseline and target."""

    capa_id: UUID
    metric: Literal["confirmed_ppm"]
    baseline_ppm: Decimal
    target_ppm: Decimal
    made_from: date
    made_to: date
    minimum_units: int
    products: tuple[str, ...]
    defect_codes: tuple[str, ...]


@event(zh="效果已测量", en="Effectiveness measured")
class EffectivenessMeasured(Event):
    """Counted from the logs at `positions`: units made from the cut-in to the window's end, and the bad among them.

    `ppm` is confirmed bad ÷ units × 10⁶, to 3 decimals. Beside it, never in it: bad units made or reported before
    (`bad_before`) and bad units whose production date nobody knows (`bad_undated`), each confirmed and pending together
    (rule 18).
    """

    capa_id: UUID
    measured_on: date
    made_from: date
    made_to: date
    units: int
    confirmed_bad: Decimal
    pending_bad: Decimal
    bad_before: Decimal
    bad_undated: Decimal
    ppm: Decimal | None
    enough_units: bool
    positions: tuple[LogPosition, ...]


@event(zh="效果已确认", en="Effectiveness confirmed")
class EffectivenessConfirmed(Event):
    capa_id: UUID
    note: str
    evidence: tuple[EvidenceRef, ...] = ()


@event(zh="效果未达成", en="Effectiveness failed")
class EffectivenessFailed(Event):
    capa_id: UUID
    note: str
    evidence: tuple[EvidenceRef, ...] = ()


@event(zh="疑似复发", en="Recurrence suspected")
class RecurrenceSuspected(Event):
    """A confirmed bad item of the cause's product and defect was made on or after the cut-in (rule 18)."""

    capa_id: UUID
    complaint_id: UUID
    complaint_no: str
    item_no: int
    product: str
    defect_codes: tuple[str, ...]
    quantity: Decimal
    production_date: date
    cut_in: date
    root_causes: tuple[UUID, ...]


@event(zh="疑似复发已评审", en="Recurrence reviewed")
class RecurrenceReviewed(Event):
    """A person's word on a suspicion. *same_cause*: what was shown of the measures' effect no longer holds."""

    capa_id: UUID
    complaint_id: UUID
    item_no: int
    verdict: RecurrenceVerdict
    reason: str


@event(zh="经验教训已记录", en="Lesson recorded")
class LessonRecorded(Event):
    capa_id: UUID
    lesson: str
    keywords: tuple[str, ...]


@event(zh="CAPA 已关闭", en="CAPA closed")
class CapaClosed(Event):
    capa_id: UUID


@event(zh="CAPA 已重新打开", en="CAPA reopened")
class CapaReopened(Event):
    capa_id: UUID
    reason: str
