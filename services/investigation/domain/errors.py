"""What the investigation refuses, and why.

Refused     the case's state says no: opening and ending, nodes, whys and causes, responsibility, report
Invalid     a value of the command can't be right: blank texts, missing evidence, shares that don't add up
Forbidden   separation of duties: this person may not
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from shared.kernel.errors import Forbidden, Invalid, Refused, WrongField


@dataclass(eq=False, kw_only=True)
class BlankText(Invalid):
    """`name` is the command's field."""

    zh: ClassVar[str] = "{name} 不能为空"
    en: ClassVar[str] = "{name} must not be blank"
    name: str

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(self.name)


@dataclass(eq=False, kw_only=True)
class EvidenceMissing(Invalid):
    field: ClassVar[str | None] = "evidence"
    zh: ClassVar[str] = "{what}必须引用证据"
    en: ClassVar[str] = "Evidence must be cited for {what}"
    words: ClassVar[frozenset[str]] = frozenset({"what"})
    what: str


@dataclass(eq=False, kw_only=True)
class AlreadyOpened(Refused):
    zh: ClassVar[str] = "调查 {investigation_id} 已启动"
    en: ClassVar[str] = "Investigation {investigation_id} is already open"
    investigation_id: str


@dataclass(eq=False, kw_only=True)
class AlreadyConcluded(Refused):
    zh: ClassVar[str] = "调查已结论（{outcome}）：请先重新打开"
    en: ClassVar[str] = "The investigation is concluded ({outcome}): reopen it first"
    words: ClassVar[frozenset[str]] = frozenset({"outcome"})
    outcome: str


class NotConcluded(Refused):
    zh: ClassVar[str] = "调查尚未结论，无需重新打开"
    en: ClassVar[str] = "The investigation isn't concluded, there is nothing to reopen"


@dataclass(eq=False, kw_only=True)
class NotHandedOver(Refused):
    field: ClassVar[str | None] = "complaint_id"
    zh: ClassVar[str] = "投诉 {complaint_id} 从未移交调查：请先由受理方移交"
    en: ClassVar[str] = "Complaint {complaint_id} was never handed over to an investigation: intake hands it over"
    complaint_id: str


@dataclass(eq=False, kw_only=True)
class ComplaintNotJoined(Refused):
    field: ClassVar[str | None] = "complaint_id"
    zh: ClassVar[str] = "投诉 {complaint_id} 未并入本调查"
    en: ClassVar[str] = "Complaint {complaint_id} isn't part of this investigation"
    complaint_id: str


@dataclass(eq=False, kw_only=True)
class ItemUnknown(Invalid):
    field: ClassVar[str | None] = "item_no"
    zh: ClassVar[str] = "投诉 {complaint_id} 没有第 {item_no} 项"
    en: ClassVar[str] = "Complaint {complaint_id} has no item {item_no}"
    complaint_id: str
    item_no: int


@dataclass(eq=False, kw_only=True)
class QuantityNotPositive(Invalid):
    field: ClassVar[str | None] = "quantity"
    zh: ClassVar[str] = "确认数量必须大于零，而不是 {quantity}"
    en: ClassVar[str] = "A confirmed quantity must be above zero, not {quantity}"
    quantity: str


@dataclass(eq=False, kw_only=True)
class LotUnknown(Invalid):
    field: ClassVar[str | None] = "lot"
    zh: ClassVar[str] = "没有任何记录或投诉项提到批次 {lot}"
    en: ClassVar[str] = "No record and no item of this case names lot {lot}"
    lot: str


@dataclass(eq=False, kw_only=True)
class NodeUnknown(Invalid):
    field: ClassVar[str | None] = "node"
    zh: ClassVar[str] = "流程图中没有节点 {node}"
    en: ClassVar[str] = "The process flow has no node {node}"
    node: str


@dataclass(eq=False, kw_only=True)
class NodeNotExamined(Refused):
    zh: ClassVar[str] = "节点 {node} 尚未排查：请先排查，或说明排除理由"
    en: ClassVar[str] = "Node {node} hasn't been examined: examine it first, or state a ground"
    node: str


@dataclass(eq=False, kw_only=True)
class DeviationOpen(Refused):
    zh: ClassVar[str] = "节点 {node}（批次 {lot}）有未澄清的发现：{finding_zh}。排除须说明理由"
    en: ClassVar[str] = "Node {node} (lot {lot}) has an open finding: {finding_en}. Clearing it needs a ground"
    node: str
    lot: str
    finding_zh: str
    finding_en: str


@dataclass(eq=False, kw_only=True)
class EvidenceSuperseded(Refused):
    field: ClassVar[str | None] = "evidence"
    zh: ClassVar[str] = "所引事实（批 {batch} 第 {row} 行）已被更正：请引用更正后的记录"
    en: ClassVar[str] = "The cited fact (batch {batch}, row {row}) was corrected: cite its correction"
    batch: str
    row: int


@dataclass(eq=False, kw_only=True)
class NodeFaulty(Refused):
    zh: ClassVar[str] = "节点 {node} 已确认存在根本原因，不能排除"
    en: ClassVar[str] = "Node {node} holds a confirmed root cause and can't be cleared"
    node: str


@dataclass(eq=False, kw_only=True)
class NodeExcluded(Refused):
    zh: ClassVar[str] = "节点 {node} 已排除：请先将其定为可疑节点"
    en: ClassVar[str] = "Node {node} was cleared: identify it as a suspect first"
    node: str


@dataclass(eq=False, kw_only=True)
class WhyUnknown(Invalid):
    field: ClassVar[str | None] = "why_id"
    zh: ClassVar[str] = "没有问题 {why_id}"
    en: ClassVar[str] = "There is no why {why_id}"
    why_id: str


@dataclass(eq=False, kw_only=True)
class MoreThanDelivered(Invalid):
    """It would stand in the rates that a CAPA is judged by."""

    field: ClassVar[str | None] = "quantity"
    zh: ClassVar[str] = "验证数量 {quantity} 超过交付数量 {delivered}"
    en: ClassVar[str] = "{quantity} can't be verified where {delivered} were delivered"
    quantity: Decimal
    delivered: Decimal


@dataclass(eq=False, kw_only=True)
class IdTaken(Refused):
    zh: ClassVar[str] = "编号 {id} 已用于另一{what}"
    en: ClassVar[str] = "Id {id} is already used for another {what}"
    words: ClassVar[frozenset[str]] = frozenset({"what"})
    what: str
    id: str


@dataclass(eq=False, kw_only=True)
class OpenQuestion(Refused):
    """Base of what stands between a chain of whys and its root cause; names the question that is still open."""

    why_id: str
    question: str


class WhyUnanswered(OpenQuestion):
    zh: ClassVar[str] = "「{question}」尚未回答"
    en: ClassVar[str] = "'{question}' is still unanswered"


class WhyWithoutEvidence(OpenQuestion):
    zh: ClassVar[str] = "「{question}」的回答没有证据"
    en: ClassVar[str] = "The answer to '{question}' has no evidence"


@dataclass(eq=False, kw_only=True)
class NotYetRoot(OpenQuestion):
    zh: ClassVar[str] = "「{question}」的回答是「{answer}」（技术层）：还须追问管理或体系上为什么"
    en: ClassVar[str] = (
        "'{question}' was answered '{answer}', a technical cause: why did management or the system allow it?"
    )
    answer: str


class BoundaryPassed(OpenQuestion):
    zh: ClassVar[str] = "「{question}」的回答已到公司之外：原因链到此为止"
    en: ClassVar[str] = "The answer to '{question}' lies outside the house: the chain ends there"


class WhyInUse(OpenQuestion):
    zh: ClassVar[str] = "「{question}」的回答是已确认根本原因的依据：请先撤回该根本原因"
    en: ClassVar[str] = "The answer to '{question}' supports a confirmed root cause: withdraw that first"


@dataclass(eq=False, kw_only=True)
class WhyOfOtherLeg(Refused):
    zh: ClassVar[str] = "该问题属于{leg}链，不是{asked}"
    en: ClassVar[str] = "That why belongs to the {leg} chain, not to {asked}"
    words: ClassVar[frozenset[str]] = frozenset({"leg", "asked"})
    leg: str
    asked: str


@dataclass(eq=False, kw_only=True)
class RootCauseUnknown(Refused):
    zh: ClassVar[str] = "根本原因 {root_cause_id} 未确认或已撤回"
    en: ClassVar[str] = "Root cause {root_cause_id} isn't confirmed, or was withdrawn"
    root_cause_id: str


class RootCauseStands(Refused):
    """Rule 10: one root cause a leg for a chain of whys; a second one would open a second CAPA."""

    field: ClassVar[str | None] = "last_why"
    zh: ClassVar[str] = "该 5 Why 链已确认为这一层面的根本原因：如需更正请先撤回"
    en: ClassVar[str] = "This chain of whys is confirmed as the root cause of that leg: withdraw it first to correct it"


class ApproverIsAuthor(Forbidden):
    zh: ClassVar[str] = "确认根本原因的人不能批准无需 CAPA"
    en: ClassVar[str] = "Who confirmed the root cause doesn't approve that no CAPA is needed"


@dataclass(eq=False, kw_only=True)
class SharesDontAddUp(Invalid):
    field: ClassVar[str | None] = "shares"
    zh: ClassVar[str] = "主要与次要责任之和是 {total}，必须是 100"
    en: ClassVar[str] = "Primary and secondary shares add up to {total}, not to 100"
    total: str


@dataclass(eq=False, kw_only=True)
class ShareInvalid(Invalid):
    field: ClassVar[str | None] = "shares"
    zh: ClassVar[str] = "责任方 {party}：{problem_zh}"
    en: ClassVar[str] = "Share of {party}: {problem_en}"
    party: str
    problem_zh: str
    problem_en: str


@dataclass(eq=False, kw_only=True)
class RuleSilent(Refused):
    zh: ClassVar[str] = "责任规则 {rules} 第 {version} 版没有适用于此根本原因的条款"
    en: ClassVar[str] = "Responsibility rules {rules} version {version} have no row for this root cause"
    rules: str
    version: int


@dataclass(eq=False, kw_only=True)
class PartyUnnamed(Invalid):
    field: ClassVar[str | None] = "parties"
    zh: ClassVar[str] = "规则 {rule} 需要指明「{name}」是谁"
    en: ClassVar[str] = "Rule {rule} needs to know which {name} it is"
    rule: str
    name: str


@dataclass(eq=False, kw_only=True)
class HearingInPast(Invalid):
    field: ClassVar[str | None] = "hear_by"
    zh: ClassVar[str] = "听取意见的期限 {hear_by} 已过"
    en: ClassVar[str] = "The hearing deadline {hear_by} has already passed"
    hear_by: datetime


class AlreadyProposed(Refused):
    zh: ClassVar[str] = "该根本原因的责任已提出：有异议时请修订"
    en: ClassVar[str] = "Responsibility for this root cause was already proposed: revise it where contested"


class NotProposed(Refused):
    zh: ClassVar[str] = "该根本原因尚未提出责任"
    en: ClassVar[str] = "Responsibility for this root cause hasn't been proposed"


@dataclass(eq=False, kw_only=True)
class PartyBearsNothing(Invalid):
    field: ClassVar[str | None] = "party"
    zh: ClassVar[str] = "{party} 在该提案中不承担责任"
    en: ClassVar[str] = "{party} bears no share in this proposal"
    party: str


@dataclass(eq=False, kw_only=True)
class NotYourShare(Forbidden):
    zh: ClassVar[str] = "只有 {party} 能就其责任作出答复"
    en: ClassVar[str] = "Only {party} can answer for its share"
    party: str


@dataclass(eq=False, kw_only=True)
class HearingOver(Refused):
    zh: ClassVar[str] = "异议期限 {hear_by} 已过，视为接受；确认后可申诉"
    en: ClassVar[str] = "The deadline for objections, {hear_by}, has passed; after confirmation you can appeal"
    hear_by: datetime


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(Refused):
    zh: ClassVar[str] = "{party} 的{stage}已提出或已裁定"
    en: ClassVar[str] = "The {stage} of {party} was already raised or decided"
    words: ClassVar[frozenset[str]] = frozenset({"stage"})
    party: str
    stage: str


class NothingContested(Refused):
    zh: ClassVar[str] = "没有待处理的异议"
    en: ClassVar[str] = "Nothing is contested"


@dataclass(eq=False, kw_only=True)
class ShareContested(Refused):
    zh: ClassVar[str] = "{parties} 有异议：修订或维持之前不能确认"
    en: ClassVar[str] = "Contested by {parties}: it can't be confirmed until revised or upheld"
    parties: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class PartyNotHeard(Refused):
    zh: ClassVar[str] = "{parties} 尚未答复，期限 {hear_by} 未到"
    en: ClassVar[str] = "Not heard yet: {parties}. They may answer until {hear_by}"
    parties: tuple[str, ...]
    hear_by: datetime


class ConfirmerProposed(Forbidden):
    zh: ClassVar[str] = "提出责任的人不能确认"
    en: ClassVar[str] = "Who proposed the shares can't confirm them"


@dataclass(eq=False, kw_only=True)
class RulesInvalid(Invalid):
    """`where` names the input or the row of the table."""

    field: ClassVar[str | None] = "document"
    zh: ClassVar[str] = "责任规则无效，{where}：{problem_zh}"
    en: ClassVar[str] = "The responsibility rules are not valid, {where}: {problem_en}"
    where: str
    problem_zh: str
    problem_en: str


@dataclass(eq=False, kw_only=True)
class DepartmentIsTheNodes(Invalid):
    """Rule 11: shares follow the published rules and the flow, not who proposes them."""

    field: ClassVar[str | None] = "parties/department"
    zh: ClassVar[str] = "责任部门由流程节点决定，是 {department}，不能另行指定"
    en: ClassVar[str] = "The department follows from the process node: it is {department}, and can't be named otherwise"
    department: str


@dataclass(eq=False, kw_only=True)
class ConfirmerBears(Forbidden):
    zh: ClassVar[str] = "您属于责任方 {party}，不能作此裁定"
    en: ClassVar[str] = "You belong to the bearing party {party} and can't decide this"
    party: str


class FinalWithoutActions(Refused):
    zh: ClassVar[str] = "没有措施，不能签发最终报告"
    en: ClassVar[str] = "A final report can't be issued without actions"


@dataclass(eq=False, kw_only=True)
class ReportDamaged(Refused):
    """Never served: whoever reads a report must be able to rely on each of its bytes (rule 16)."""

    zh: ClassVar[str] = "报告 {report_no} 的存储内容缺失或已被改动：请用 verify 核对，并从备份恢复"
    en: ClassVar[str] = "The stored bytes of report {report_no} are missing or were changed: verify and restore them"
    report_no: str


class NoConfirmedCause(Refused):
    zh: ClassVar[str] = "没有已确认的根本原因"
    en: ClassVar[str] = "No root cause is confirmed"


@dataclass(eq=False, kw_only=True)
class LegWithoutCause(Refused):
    zh: ClassVar[str] = "原因链「{leg}」没有已确认的根本原因：请确认，或在 inapplicable 中说明该链为何不适用"
    en: ClassVar[str] = (
        "Leg {leg} has no confirmed root cause: confirm one, or say in inapplicable why it doesn't apply"
    )
    leg: str


@dataclass(eq=False, kw_only=True)
class LegHasCause(Refused):
    zh: ClassVar[str] = "原因链「{leg}」已有确认的根本原因，不能称其不适用"
    en: ClassVar[str] = "Leg {leg} has a confirmed root cause: it can't be said not to apply"
    leg: str


class ConfirmedCauseStands(Refused):
    zh: ClassVar[str] = "已有确认的根本原因：该结论与之矛盾"
    en: ClassVar[str] = "A root cause is confirmed: this outcome contradicts it"


@dataclass(eq=False, kw_only=True)
class ConfirmedItemStands(Refused):
    zh: ClassVar[str] = "投诉 {complaint_id} 第 {item_no} 项已确认属实：结论「{outcome}」与之矛盾"
    en: ClassVar[str] = "Item {item_no} of complaint {complaint_id} was confirmed: {outcome} contradicts it"
    words: ClassVar[frozenset[str]] = frozenset({"outcome"})
    complaint_id: str
    item_no: int
    outcome: str


@dataclass(eq=False, kw_only=True)
class StatementNames(Invalid):
    """The concluding statement is for the customer (rule 16): it names somebody it must not."""

    field: ClassVar[str | None] = "statement"
    zh: ClassVar[str] = "结论会告知客户，不能出现「{word}」"
    en: ClassVar[str] = "The customer will read this statement: it can't name '{word}'"
    word: str


@dataclass(eq=False, kw_only=True)
class ComplaintUnnamed(Invalid):
    """A customer edition is one customer's: of several complaints, or none, nobody can tell whose."""

    field: ClassVar[str | None] = "complaint_id"
    zh: ClassVar[str] = "客户版报告须用 complaint_id 指明是哪一投诉的客户：本调查有 {complaints} 个投诉"
    en: ClassVar[str] = (
        "A customer edition needs complaint_id, whose customer it is for: this case has {complaints} complaints"
    )
    complaints: int


@dataclass(eq=False, kw_only=True)
class ConfidentialLeft(Refused):
    """The last net of rule 16: names are blackened before; where one is left all the same, nothing is issued."""

    zh: ClassVar[str] = "客户版报告中仍有不得告知客户的内容（{words_left}），未签发"
    en: ClassVar[str] = "The customer edition still holds what that customer must not read ({words_left}): not issued"
    words_left: tuple[str, ...]
