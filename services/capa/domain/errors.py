"""What a CAPA refuses, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from shared.contracts.words import ActionKind, label
from shared.kernel.errors import Forbidden, Invalid, Refused, WrongField


@dataclass(eq=False, kw_only=True)
class CapaIsClosed(Refused):
    zh: ClassVar[str] = "{capa_no} 已关闭：如有新情况请先重新打开"
    en: ClassVar[str] = "{capa_no} is closed: reopen it first if there is something new"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class CapaIsOpen(Refused):
    zh: ClassVar[str] = "{capa_no} 没有关闭，无需重新打开"
    en: ClassVar[str] = "{capa_no} is not closed"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class ActionNotInState(Refused):
    """`needs` are the states of which this step needs one."""

    zh: ClassVar[str] = "措施 {action_no} {status}；此操作要求措施{needs}"
    en: ClassVar[str] = "Action {action_no} is {status}; this needs one that is: {needs}"
    words: ClassVar[frozenset[str]] = frozenset({"status", "needs"})
    action_no: int
    status: str
    needs: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class CauseNotAddressed(Refused):
    """Rule 14: a corrective action answers a confirmed cause, and one that this CAPA is about."""

    field: ClassVar[str | None] = "root_cause_id"
    zh: ClassVar[str] = "{capa_no} 不处理根本原因 {root_cause_id}"
    en: ClassVar[str] = "{capa_no} doesn't address root cause {root_cause_id}"
    capa_no: str
    root_cause_id: UUID


@dataclass(eq=False, kw_only=True)
class AnswersNothing(Invalid):
    """Rule 14: corrective → a cause; containment → a complaint or a risk; preventive → a potential cause."""

    zh: ClassVar[str] = "{kind_zh}必须说明它针对什么：{needs}"
    en: ClassVar[str] = "A {kind_en} action must say what it answers: {needs}"
    kind: ActionKind
    names: tuple[str, ...]

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(*self.names)

    def text(self, language: str) -> str:
        """The kind as it is said in that language."""
        template = self.zh if language.startswith("zh") else self.en
        kind_en = label(self.kind, "en").lower()
        return template.format(kind_zh=label(self.kind, "zh"), kind_en=kind_en, needs=" | ".join(self.names))


@dataclass(eq=False, kw_only=True)
class ReasonMissing(Invalid):
    field: ClassVar[str | None] = "reason"
    zh: ClassVar[str] = "必须说明原因"
    en: ClassVar[str] = "A reason must be given"


@dataclass(eq=False, kw_only=True)
class OwnerMissing(Invalid):
    field: ClassVar[str | None] = "owner"
    zh: ClassVar[str] = "措施必须有责任人"
    en: ClassVar[str] = "An action has an owner"


@dataclass(eq=False, kw_only=True)
class CriterionMissing(Invalid):
    field: ClassVar[str | None] = "criterion"
    zh: ClassVar[str] = "措施必须有验收标准"
    en: ClassVar[str] = "An action has a criterion by which it is verified"


@dataclass(eq=False, kw_only=True)
class DueDateInThePast(Invalid):
    field: ClassVar[str | None] = "due_date"
    zh: ClassVar[str] = "期限 {due_date} 早于今天 {today}"
    en: ClassVar[str] = "{due_date} lies before today, {today}"
    due_date: date
    today: date


@dataclass(eq=False, kw_only=True)
class DueDateUnchanged(Invalid):
    field: ClassVar[str | None] = "due_date"
    zh: ClassVar[str] = "期限已经是 {due_date}"
    en: ClassVar[str] = "The due date is {due_date} already"
    due_date: date


@dataclass(eq=False, kw_only=True)
class CompletedInTheFuture(Invalid):
    field: ClassVar[str | None] = "completed_on"
    zh: ClassVar[str] = "完成日期 {completed_on} 晚于今天 {today}"
    en: ClassVar[str] = "{completed_on} lies after today, {today}"
    completed_on: date
    today: date


@dataclass(eq=False, kw_only=True)
class ApproverInvolved(Forbidden):
    zh: ClassVar[str] = "措施 {action_no} 由您计划或负责，须由他人批准"
    en: ClassVar[str] = "You planned or own action {action_no}: somebody else approves it"
    action_no: int


@dataclass(eq=False, kw_only=True)
class VerifierCompleted(Forbidden):
    zh: ClassVar[str] = "措施 {action_no} 由您完成，须由他人验证"
    en: ClassVar[str] = "You completed action {action_no}: who completes doesn't verify"
    action_no: int


@dataclass(eq=False, kw_only=True)
class ConfirmerInvolved(Forbidden):
    zh: ClassVar[str] = "措施 {action_no} 由您负责或完成，须由他人确认效果"
    en: ClassVar[str] = "You own or completed action {action_no}: somebody else confirms its effectiveness"
    action_no: int


@dataclass(eq=False, kw_only=True)
class ReviewerInvolved(Forbidden):
    zh: ClassVar[str] = "措施 {action_no} 由您负责或完成，疑似复发须由他人评审"
    en: ClassVar[str] = "You own or completed action {action_no}: somebody else reviews a suspected recurrence"
    action_no: int


@dataclass(eq=False, kw_only=True)
class RecurrenceIsReviewed(Refused):
    zh: ClassVar[str] = "{complaint_no} 第 {item_no} 项的疑似复发已经评审"
    en: ClassVar[str] = "The suspected recurrence of {complaint_no}, item {item_no}, is reviewed already"
    complaint_no: str
    item_no: int


@dataclass(eq=False, kw_only=True)
class RecurrenceUnreviewed(Refused):
    """Rule 18: `items` as `C2026-0007/1`."""

    zh: ClassVar[str] = "疑似复发 {items} 尚未评审，不能确认效果"
    en: ClassVar[str] = "Suspected recurrences {items} are not reviewed: effectiveness can't be confirmed"
    words: ClassVar[frozenset[str]] = frozenset({"items"})
    items: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class DocumentsMissing(Invalid):
    field: ClassVar[str | None] = "documents"
    zh: ClassVar[str] = "请列出已更新的 PFMEA／控制计划文件"
    en: ClassVar[str] = "Name the PFMEA or control plan documents that were updated"


@dataclass(eq=False, kw_only=True)
class WindowEndsBeforeItStarts(Invalid):
    field: ClassVar[str | None] = "made_to"
    zh: ClassVar[str] = "生产日期窗口 {made_from} 至 {made_to} 为空"
    en: ClassVar[str] = "No production date lies between {made_from} and {made_to}"
    made_from: date
    made_to: date


@dataclass(eq=False, kw_only=True)
class WindowBeforeCutIn(Invalid):
    """Rule 18: only units made from the cut-in on count."""

    field: ClassVar[str | None] = "made_from"
    zh: ClassVar[str] = "窗口从 {made_from} 开始，但断点是 {cut_in}：此前生产的不计入"
    en: ClassVar[str] = "The window starts on {made_from}, the cut-in is {cut_in}: what was made before doesn't count"
    made_from: date
    cut_in: date


@dataclass(eq=False, kw_only=True)
class TargetAboveBaseline(Invalid):
    field: ClassVar[str | None] = "target_ppm"
    zh: ClassVar[str] = "目标 {target_ppm} ppm 高于基线 {baseline_ppm} ppm"
    en: ClassVar[str] = "A target of {target_ppm} ppm is above the baseline, {baseline_ppm} ppm"
    target_ppm: Decimal
    baseline_ppm: Decimal


@dataclass(eq=False, kw_only=True)
class NoUnitsAsked(Invalid):
    field: ClassVar[str | None] = "minimum_units"
    zh: ClassVar[str] = "最少数量必须是正整数"
    en: ClassVar[str] = "At least one unit must be asked for"


@dataclass(eq=False, kw_only=True)
class NoProduct(Invalid):
    field: ClassVar[str | None] = "products"
    zh: ClassVar[str] = "效果验证至少针对一种产品"
    en: ClassVar[str] = "An effectiveness check names at least one product"


@dataclass(eq=False, kw_only=True)
class NoEffectivenessCheck(Refused):
    zh: ClassVar[str] = "{capa_no} 还没有计划效果验证"
    en: ClassVar[str] = "{capa_no} has no effectiveness check planned"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class NoCutInYet(Refused):
    zh: ClassVar[str] = "{capa_no} 没有已完成的措施：没有断点，无法测量"
    en: ClassVar[str] = "No action of {capa_no} is completed: without a cut-in nothing can be measured"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class NothingMeasured(Refused):
    zh: ClassVar[str] = "{capa_no} 的效果还没有测量，或测量后又有了新的断点"
    en: ClassVar[str] = "The effectiveness of {capa_no} is not measured, or not since its last cut-in"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class CountedOtherwise(Refused):
    """The window is another now, or the logs tell of other units: count again."""

    zh: ClassVar[str] = "{capa_no} 的窗口或所计数量在测量后已改变：请重新测量"
    en: ClassVar[str] = "The window of {capa_no}, or what is counted in it, has changed since: measure again"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class CheckMissesProduct(Refused):
    field: ClassVar[str | None] = "products"
    zh: ClassVar[str] = "效果验证没有包括原因所涉及的产品：{missing}"
    en: ClassVar[str] = "The effectiveness check leaves out products that the causes are about: {missing}"
    words: ClassVar[frozenset[str]] = frozenset({"missing"})
    missing: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class CheckMissesDefect(Refused):
    """`*`: the cause is about every defect."""

    field: ClassVar[str | None] = "defect_codes"
    zh: ClassVar[str] = "效果验证没有包括原因所涉及的缺陷：{missing}"
    en: ClassVar[str] = "The effectiveness check leaves out defects that the causes are about: {missing}"
    words: ClassVar[frozenset[str]] = frozenset({"missing"})
    missing: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class UndatedDecides(Refused):
    """Rule 18: nobody knows whether these were made after the cut-in, and the answer hangs on them."""

    zh: ClassVar[str] = (
        "另有 {undated} 件不良没有生产日期：若在窗口内生产则为 {ppm} ppm，超过目标 {target_ppm} ppm。"
        "请先确定其批次或生产日期，再测量"
    )
    en: ClassVar[str] = (
        "{undated} more bad units have no production date: made in the window they would be {ppm} ppm, above the "
        "target of {target_ppm} ppm. Find out their lot or production date, then measure again"
    )
    undated: Decimal
    ppm: Decimal
    target_ppm: Decimal


@dataclass(eq=False, kw_only=True)
class EffectivenessIsConfirmed(Refused):
    zh: ClassVar[str] = "{capa_no} 的效果已经确认"
    en: ClassVar[str] = "The effectiveness of {capa_no} is confirmed already"
    capa_no: str


@dataclass(eq=False, kw_only=True)
class WindowNotElapsed(Refused):
    zh: ClassVar[str] = "窗口到 {made_to} 才结束，测量于 {measured_on}：请在窗口结束后测量再确认"
    en: ClassVar[str] = "The window runs to {made_to}, measured on {measured_on}: measure after its end, then confirm"
    made_to: date
    measured_on: date


@dataclass(eq=False, kw_only=True)
class TooFewUnits(Refused):
    zh: ClassVar[str] = "断点后只生产了 {units} 件，计划要求 {minimum_units} 件"
    en: ClassVar[str] = "{units} units were made since the cut-in, the plan asks for {minimum_units}"
    units: int
    minimum_units: int


@dataclass(eq=False, kw_only=True)
class TargetMissed(Refused):
    zh: ClassVar[str] = "测得 {ppm} ppm，目标 {target_ppm} ppm：未达成"
    en: ClassVar[str] = "Measured {ppm} ppm, the target is {target_ppm} ppm: missed"
    ppm: Decimal
    target_ppm: Decimal


@dataclass(eq=False, kw_only=True)
class ActionsUnverified(Refused):
    zh: ClassVar[str] = "措施 {actions} 尚未验证或取消，不能确认效果"
    en: ClassVar[str] = "Actions {actions} are neither verified nor cancelled: effectiveness can't be confirmed"
    words: ClassVar[frozenset[str]] = frozenset({"actions"})
    actions: tuple[int, ...]


MISSING = {
    "action_unsettled": ("措施 {which} 未验证也未取消", "action {which} is neither verified nor cancelled"),
    "no_action_verified": ("没有一项措施得到验证", "no action is verified"),
    "cause_unanswered": ("根本原因 {which} 没有经验证的纠正措施", "no verified action answers root cause {which}"),
    "similarity_search": ("未记录相似情况检索", "no similarity search is recorded"),
    "control_plan_review": ("PFMEA／控制计划未评审", "PFMEA and control plan are not reviewed"),
    "effectiveness": ("效果未确认", "effectiveness is not confirmed"),
    "recurrence_unreviewed": ("疑似复发 {which} 未评审", "the suspected recurrence {which} is not reviewed"),
    "lesson": ("未记录经验教训", "no lesson is recorded"),
}


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that closure still needs. `which` names the action or cause, where the code is about one."""

    code: str
    which: str | None = None


@dataclass(eq=False, kw_only=True)
class CapaNotComplete(Refused):
    """Rule 15: everything that is missing, at once."""

    zh: ClassVar[str] = "{capa_no} 还不能关闭："
    en: ClassVar[str] = "{capa_no} can't be closed yet: "
    capa_no: str
    missing: tuple[Missing, ...]

    def text(self, language: str) -> str:
        """Each missing thing said in that language."""
        zh = language.startswith("zh")
        said = [MISSING[one.code][0 if zh else 1].format(which=one.which) for one in self.missing]
        return (self.zh if zh else self.en).format(capa_no=self.capa_no) + ("；" if zh else "; ").join(said)
