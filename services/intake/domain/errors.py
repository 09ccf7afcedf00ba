"""What intake refuses, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from shared.kernel.errors import Invalid, Refused, WrongField


@dataclass(eq=False, kw_only=True)
class ComplaintIsClosed(Refused):
    zh: ClassVar[str] = "投诉 {complaint_no} 已关闭：请先重新打开"
    en: ClassVar[str] = "Complaint {complaint_no} is closed: reopen it first"
    complaint_no: str


@dataclass(eq=False, kw_only=True)
class ComplaintIsOpen(Refused):
    zh: ClassVar[str] = "投诉 {complaint_no} 没有关闭"
    en: ClassVar[str] = "Complaint {complaint_no} is not closed"
    complaint_no: str


@dataclass(eq=False, kw_only=True)
class AlreadyAcknowledged(Refused):
    zh: ClassVar[str] = "投诉 {complaint_no} 已于 {at} 受理"
    en: ClassVar[str] = "Complaint {complaint_no} was acknowledged at {at}"
    complaint_no: str
    at: datetime


@dataclass(eq=False, kw_only=True)
class InvestigationIsConcluded(Refused):
    field: ClassVar[str | None] = "investigation_id"
    zh: ClassVar[str] = "调查 {investigation_no} 已结论：请重新打开它，或交给另一个调查"
    en: ClassVar[str] = "Investigation {investigation_no} is concluded: reopen it, or hand over to another one"
    investigation_no: str


@dataclass(eq=False, kw_only=True)
class AttachmentDamaged(Refused):
    zh: ClassVar[str] = "附件 {attachment_id} 的存储内容缺失或已被改动：请用 verify 核对，并从备份恢复"
    en: ClassVar[str] = "The stored file of attachment {attachment_id} is missing or was changed: verify and restore it"
    attachment_id: str


@dataclass(eq=False, kw_only=True)
class NotTriaged(Refused):
    """Handing over states severity and scope: somebody must have judged them."""

    zh: ClassVar[str] = "投诉 {complaint_no} 尚未初步评估"
    en: ClassVar[str] = "Complaint {complaint_no} has not been triaged"
    complaint_no: str


@dataclass(eq=False, kw_only=True)
class AlreadyHandedOver(Refused):
    zh: ClassVar[str] = "投诉 {complaint_no} 已移交调查 {investigation_id}"
    en: ClassVar[str] = "Complaint {complaint_no} was handed over to investigation {investigation_id}"
    complaint_no: str
    investigation_id: str


@dataclass(eq=False, kw_only=True)
class SourceReferenceDiffers(Refused):
    """Rule 1: the same channel and source reference stand for the same complaint; `fields` are those that differ."""

    field: ClassVar[str | None] = "source_reference"
    zh: ClassVar[str] = "该渠道的来源编号已登记为投诉 {complaint_no}，但以下内容不同：{fields}"
    en: ClassVar[str] = "This source reference is complaint {complaint_no}, with other content in: {fields}"
    complaint_id: str
    complaint_no: str
    fields: tuple[str, ...]


class ReasonMissing(Invalid):
    field: ClassVar[str | None] = "reason"
    zh: ClassVar[str] = "必须说明理由"
    en: ClassVar[str] = "Say why"


def said(reason: str) -> None:
    """Raises ReasonMissing where there are no words in it."""
    if not reason.strip():
        raise ReasonMissing


@dataclass(eq=False, kw_only=True)
class ScoreOutOfRange(Invalid):
    field: ClassVar[str | None] = "score"
    zh: ClassVar[str] = "满意度应为 1 至 5，不是 {score}"
    en: ClassVar[str] = "Satisfaction is a score from 1 to 5, not {score}"
    score: int


class OverrideWithoutReason(Invalid):
    """Rule 3: overriding the published rule's answer needs a reason."""

    field: ClassVar[str | None] = "override_reason"
    zh: ClassVar[str] = "与规则结论不同时必须说明理由"
    en: ClassVar[str] = "Say why the answer differs from the rule's"


@dataclass(eq=False, kw_only=True)
class TimesOutOfOrder(Invalid):
    zh: ClassVar[str] = "{earlier} 不能晚于 {later}"
    en: ClassVar[str] = "{earlier} can't be later than {later}"
    earlier: str
    later: str

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(self.earlier)


@dataclass(eq=False, kw_only=True)
class InTheFuture(Invalid):
    """What has been received or made can't be so only tomorrow. `name`: the field; `now` as the server has it."""

    zh: ClassVar[str] = "{name} 不能在未来（现在是 {now}）"
    en: ClassVar[str] = "{name} can't lie in the future (it is {now})"
    name: str
    now: datetime

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(self.name)


@dataclass(eq=False, kw_only=True)
class ItemWrong(Invalid):
    """What is wrong with which field of item `item_no`."""

    zh: ClassVar[str] = "第 {item_no} 项：{problem_zh}"
    en: ClassVar[str] = "Item {item_no}: {problem_en}"
    item_no: int
    name: str
    problem_zh: str
    problem_en: str

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(f"items.{self.item_no - 1}.{self.name}")


class NoItems(Invalid):
    field: ClassVar[str | None] = "items"
    zh: ClassVar[str] = "至少要有一个投诉项"
    en: ClassVar[str] = "A complaint has at least one item"


@dataclass(eq=False, kw_only=True)
class UnknownField(Invalid):
    field: ClassVar[str | None] = "field"
    zh: ClassVar[str] = "登记表中没有可更正的字段 {path}"
    en: ClassVar[str] = "The form has no field {path} that can be corrected"
    path: str


@dataclass(eq=False, kw_only=True)
class ValueDoesNotFit(Invalid):
    field: ClassVar[str | None] = "value"
    zh: ClassVar[str] = "{path} 应为 {expected_zh}"
    en: ClassVar[str] = "{path} takes {expected_en}"
    path: str
    expected_zh: str
    expected_en: str


@dataclass(eq=False, kw_only=True)
class NothingChanges(Refused):
    zh: ClassVar[str] = "{path} 已经是这个值"
    en: ClassVar[str] = "{path} has this value already"
    path: str


@dataclass(eq=False, kw_only=True)
class AttachmentRefused(Invalid):
    field: ClassVar[str | None] = "file"
    zh: ClassVar[str] = "不接受的附件类型 {media_type}：只收图片（JPEG、PNG、GIF、WebP）、视频（MP4、MOV、WebM）和 PDF"
    en: ClassVar[str] = "Not an accepted type ({media_type}): JPEG, PNG, GIF, WebP, MP4, MOV, WebM or PDF only"
    media_type: str


@dataclass(eq=False, kw_only=True)
class AttachmentTooLarge(Invalid):
    field: ClassVar[str | None] = "file"
    zh: ClassVar[str] = "附件有 {size} 字节，上限 {limit} 字节"
    en: ClassVar[str] = "The attachment has {size} bytes, the limit is {limit}"
    size: int
    limit: int


class AttachmentEmpty(Invalid):
    field: ClassVar[str | None] = "file"
    zh: ClassVar[str] = "附件是空的"
    en: ClassVar[str] = "The attachment is empty"


@dataclass(eq=False, kw_only=True)
class NoOpenOffer(Refused):
    zh: ClassVar[str] = "投诉 {complaint_no} 没有等待客户答复的解决方案"
    en: ClassVar[str] = "Complaint {complaint_no} has no resolution that waits for the customer's answer"
    complaint_no: str


@dataclass(eq=False, kw_only=True)
class OfferStillOpen(Refused):
    zh: ClassVar[str] = "第 {resolution_no} 个解决方案还在等待客户答复"
    en: ClassVar[str] = "Resolution {resolution_no} still waits for the customer's answer"
    resolution_no: int


@dataclass(eq=False, kw_only=True)
class NotAccepted(Refused):
    zh: ClassVar[str] = "客户尚未接受解决方案"
    en: ClassVar[str] = "The customer has not accepted a resolution"


class RecourseMissing(Invalid):
    """ISO 10002:2018 7.9: a customer who rejects is told what else can be done."""

    field: ClassVar[str | None] = "recourse"
    zh: ClassVar[str] = "客户拒绝时必须写明已告知的其他途径"
    en: ClassVar[str] = "With a rejection say which further ways the customer was told of"


@dataclass(eq=False, kw_only=True)
class NotSilentYet(Refused):
    zh: ClassVar[str] = "客户可在 {respond_by} 之前答复"
    en: ClassVar[str] = "The customer may answer until {respond_by}"
    respond_by: datetime


@dataclass(eq=False, kw_only=True)
class RemedyDoesNotFit(Invalid):
    zh: ClassVar[str] = "解决方案为{resolution}：{needs_zh}"
    en: ClassVar[str] = "The resolution is {resolution}: {needs_en}"
    words: ClassVar[frozenset[str]] = frozenset({"resolution"})
    resolution: str
    names: tuple[str, ...]
    needs_zh: str
    needs_en: str

    @property
    def wrong(self) -> Sequence[WrongField]:
        return self._all_of(*self.names)


@dataclass(eq=False, kw_only=True)
class NotReadyToClose(Refused):
    """Rule 15: decision communicated, remedy done, customer accepted or silent; `missing` lists what is not."""

    zh: ClassVar[str] = "投诉 {complaint_no} 还不能关闭，缺少：{missing_zh}"
    en: ClassVar[str] = "Complaint {complaint_no} can't be closed yet, missing: {missing_en}"
    complaint_no: str
    missing: tuple[str, ...]
    missing_zh: str
    missing_en: str


@dataclass(eq=False, kw_only=True)
class NotBreached(Refused):
    zh: ClassVar[str] = "{clock}没有在 {due_at} 超期"
    en: ClassVar[str] = "The {clock} was not breached at {due_at}"
    words: ClassVar[frozenset[str]] = frozenset({"clock"})
    clock: str
    due_at: datetime


@dataclass(eq=False, kw_only=True)
class UnderRetention(Refused):
    zh: ClassVar[str] = "不能删除：依据「{basis}」须保留至 {until}"
    en: ClassVar[str] = "Can't be erased: kept until {until} on the basis of: {basis}"
    basis: str
    until: date | str


@dataclass(eq=False, kw_only=True)
class UnderLegalHold(Refused):
    zh: ClassVar[str] = "不能删除：法律保全「{basis}」，期限 {until}"
    en: ClassVar[str] = "Can't be erased: under legal hold ({basis}) until {until}"
    basis: str
    until: date | str


class AlreadyErased(Refused):
    zh: ClassVar[str] = "该个人数据已删除"
    en: ClassVar[str] = "This data subject was erased before"


@dataclass(eq=False, kw_only=True)
class LegalHoldStands(Refused):
    zh: ClassVar[str] = "已有法律保全「{basis}」：请先解除"
    en: ClassVar[str] = "There is a legal hold already ({basis}): lift it first"
    basis: str


class NoLegalHold(Refused):
    zh: ClassVar[str] = "没有有效的法律保全"
    en: ClassVar[str] = "There is no legal hold"


@dataclass(eq=False, kw_only=True)
class TriageRulesInvalid(Invalid):
    """A published table must be able to answer, in every row, whatever is asked of it."""

    field: ClassVar[str | None] = "document"
    zh: ClassVar[str] = "分级规则 {where}：{problem_zh}"
    en: ClassVar[str] = "Triage rules, {where}: {problem_en}"
    where: str
    problem_zh: str
    problem_en: str


class LengthNotPositive(Invalid):
    field: ClassVar[str | None] = "lengths"
    zh: ClassVar[str] = "时限和沉默天数至少为 1，保留天数不能为负"
    en: ClassVar[str] = "Hours and days of silence are 1 at least, days of keeping not negative"


@dataclass(eq=False, kw_only=True)
class PolicyIncomplete(Invalid):
    field: ClassVar[str | None] = "lengths"
    zh: ClassVar[str] = "时限政策缺少：{missing}"
    en: ClassVar[str] = "The SLA policy lacks: {missing}"
    missing: str
