"""Everything that can go wrong on purpose.

SuyuanError
├── DomainError                 a command was refused; the caller can understand and act
│   ├── Refused                 a rule says no in this state                       409
│   ├── Invalid                 a field's value can't be right                     422
│   ├── Forbidden               this person may not (role, separation of duties)   403
│   └── NotFound                no such thing in this tenant                       404
├── StoreError                  an append was not done
│   ├── VersionConflict         the stream moved on                                409, with If-Match 412
│   ├── ClaimTaken              a unique value is held by another stream           409
│   ├── KeyReused               the idempotency key was used for another request   422
│   ├── KeyOwnerErased          the event names a person or party whose key is gone 410
│   ├── SubjectKeyTaken         somebody else made that subject's key; seal again  retried
│   ├── LookupTaken             this phone or email belongs to a known subject     retried with that subject
│   ├── EventTooLarge           above 256 KiB                                      413
│   ├── NotCanonical            a value that canonical JSON can't hold             422
│   ├── AppendRefused           Postgres refused this one command's values         422
│   ├── StoreUnavailable        the database can't be reached; nothing was done    503
│   ├── QueryTooSlow            a question took longer than a question may         503
│   ├── WritingPaused           it is in doubt whether this log is the published one 503
│   ├── AppendUnknown           the connection broke: done or not, retry with the same key  503
│   └── StoreFull               no disk space: read-only until there is            507
└── LogError                    a log can't be read on
    ├── UnknownEvent            a type or schema version newer than this build     503
    ├── ForkedLog               same position, other hash
    ├── GapInLog                a position is missing
    └── ViewBehind              a view has not come to the position asked for      503

A class is a small dataclass that keeps its ids; `zh` and `en` are templates over its fields. The `code` in the
problem's `type` is the class name in kebab case. HTTP statuses are mapped at the edge, by the branch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, NamedTuple

from shared.contracts.words import spoken

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache
def _kebab(name: str) -> str:
    return _HUMP.sub("-", name).lower()


@dataclass(eq=False, kw_only=True)
class SuyuanError(Exception):
    """Base: a bilingual sentence over the fields of the class.

    `words` names the fields that hold words of the vocabularies: the sentence says them in its own language, while
    `facts` keeps them as they are.
    """

    zh: ClassVar[str] = "出错了"
    en: ClassVar[str] = "Something went wrong"
    words: ClassVar[frozenset[str]] = frozenset()

    @property
    def code(self) -> str:
        return _kebab(type(self).__name__)

    @property
    def facts(self) -> dict[str, object]:
        """The fields of the error: what a program needs to act on it."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def text(self, language: str) -> str:
        said = {name: self._said(name, value, language) for name, value in self.facts.items()}
        return (self.zh if language.startswith("zh") else self.en).format(**said)

    def _said(self, name: str, value: object, language: str) -> object:
        """A list with its words, a time to the minute: `facts` has it to the last digit."""
        if name in self.words or isinstance(value, tuple):
            return spoken(value, language)
        return value.isoformat(sep=" ", timespec="minutes") if isinstance(value, datetime) else value

    def __str__(self) -> str:
        return self.text("en")


class WrongField(NamedTuple):
    """A field of the request, dots between its parts, and what is wrong with it."""

    field: str
    zh: str
    en: str


@dataclass(eq=False, kw_only=True)
class DomainError(SuyuanError):
    """A command was refused. `field` of the class, where set, is the offending field of the request."""

    field: ClassVar[str | None] = None

    @property
    def wrong(self) -> Sequence[WrongField]:
        """The fields that can't be right: that of the class, unless the error knows better."""
        return self._all_of(self.field) if self.field else ()

    def _all_of(self, *names: str) -> Sequence[WrongField]:
        """What the error says, of each of these fields."""
        return tuple(WrongField(name, self.text("zh-CN"), self.text("en")) for name in names)


class Refused(DomainError):
    """A rule says no in this state."""


class Invalid(DomainError):
    """A value of the request can't be right."""


class Forbidden(DomainError):
    """This person may not do it."""


@dataclass(eq=False, kw_only=True)
class NotFound(DomainError):
    """There is no such thing in this tenant. `what` is its word: complaint, investigation, root_cause and so on."""

    zh: ClassVar[str] = "找不到：{what} {id}"
    en: ClassVar[str] = "There is no {what} {id}"
    words: ClassVar[frozenset[str]] = frozenset({"what"})
    what: str
    id: str


class StoreError(SuyuanError):
    """An append was not done, or it can't be known whether it was."""


@dataclass(eq=False, kw_only=True)
class VersionConflict(StoreError):
    zh: ClassVar[str] = "记录 {stream} 的版本是 {actual}，不是 {expected}：请重新读取后再试"
    en: ClassVar[str] = "{stream} is at version {actual}, not {expected}: read it again and retry"
    stream: str
    expected: int
    actual: int


@dataclass(eq=False, kw_only=True)
class ClaimTaken(StoreError):
    zh: ClassVar[str] = "{scope} 的值已被 {holder} 占用"
    en: ClassVar[str] = "That {scope} is held by {holder}"
    scope: str
    value: str
    holder: str


@dataclass(eq=False, kw_only=True)
class KeyReused(StoreError):
    zh: ClassVar[str] = "该 Idempotency-Key 已用于另一个请求"
    en: ClassVar[str] = "This Idempotency-Key was used for another request"
    scope: str
    key: str


@dataclass(eq=False, kw_only=True)
class KeyOwnerErased(StoreError):
    zh: ClassVar[str] = "该个人数据主体已被删除，其个人信息不能再读取或记录"
    en: ClassVar[str] = "This data subject was erased: no personal data of theirs can be read or recorded"
    owner: str


@dataclass(eq=False, kw_only=True)
class SubjectKeyTaken(StoreError):
    zh: ClassVar[str] = "该个人数据主体的密钥刚被另一请求建立"
    en: ClassVar[str] = "The key of this data subject was just made by another request"
    owner: str


@dataclass(eq=False, kw_only=True)
class LookupTaken(StoreError):
    zh: ClassVar[str] = "该联系方式已属于数据主体 {holder}"
    en: ClassVar[str] = "This contact belongs to data subject {holder}"
    holder: str


@dataclass(eq=False, kw_only=True)
class EventTooLarge(StoreError):
    zh: ClassVar[str] = "{type} 有 {size} 字节，上限 {limit} 字节：大内容请作为附件上传"
    en: ClassVar[str] = "{type} takes {size} bytes, the limit is {limit}: send large content as an attachment"
    type: str
    size: int
    limit: int


@dataclass(eq=False, kw_only=True)
class NotCanonical(StoreError):
    zh: ClassVar[str] = "{path} 含有不能保存的值：{problem}"
    en: ClassVar[str] = "{path} holds a value that can't be kept: {problem}"
    path: str
    problem: str


@dataclass(eq=False, kw_only=True)
class AppendRefused(StoreError):
    zh: ClassVar[str] = "数据库拒绝了该命令的值：{problem}"
    en: ClassVar[str] = "The database refused this command's values: {problem}"
    problem: str


@dataclass(eq=False, kw_only=True)
class StoreUnavailable(StoreError):
    zh: ClassVar[str] = "数据库暂时无法访问：请稍后再试"
    en: ClassVar[str] = "The database can't be reached at the moment: try again shortly"


@dataclass(eq=False, kw_only=True)
class QueryTooSlow(StoreError):
    zh: ClassVar[str] = "查询超过 {seconds:g} 秒，已中止：请缩小范围，或稍后再试"
    en: ClassVar[str] = "The query took longer than {seconds:g} s and was ended: ask for less, or try again later"
    seconds: float


@dataclass(eq=False, kw_only=True)
class WritingPaused(StoreError):
    """Until this log and its published copy are known to tell the same history: reading only."""

    zh: ClassVar[str] = "暂不接受写入：{why}"
    en: ClassVar[str] = "Nothing is written for now: {why}"
    why: SuyuanError

    @property
    def facts(self) -> dict[str, object]:
        return {"why": self.why.code}

    def text(self, language: str) -> str:
        template = self.zh if language.startswith("zh") else self.en
        return template.format(why=self.why.text(language))


@dataclass(eq=False, kw_only=True)
class AppendUnknown(StoreError):
    zh: ClassVar[str] = "连接中断，不知道是否已保存：请用同一 Idempotency-Key 重试"
    en: ClassVar[str] = (
        "The connection broke and it is unknown whether this was saved: retry with the same Idempotency-Key"
    )


@dataclass(eq=False, kw_only=True)
class StoreFull(StoreError):
    zh: ClassVar[str] = "磁盘已满：暂时只能读取，腾出空间后自动恢复"
    en: ClassVar[str] = "The disk is full: reading only, writing resumes by itself once there is space"


class LogError(SuyuanError):
    """A log can't be read on; its consumers wait and say so."""


@dataclass(eq=False, kw_only=True)
class UnknownEvent(LogError):
    zh: ClassVar[str] = "本版本不认识事件 {type}（模式版本 {schema_version}）：请升级后再试"
    en: ClassVar[str] = "This build doesn't know {type} in schema version {schema_version}: upgrade it first"
    type: str
    schema_version: int


@dataclass(eq=False, kw_only=True)
class ForkedLog(LogError):
    zh: ClassVar[str] = "{tenant}/{service} 的日志在位置 {position} 分叉"
    en: ClassVar[str] = "The log of {tenant}/{service} forked at position {position}"
    tenant: str
    service: str
    position: int


@dataclass(eq=False, kw_only=True)
class GapInLog(LogError):
    zh: ClassVar[str] = "{tenant}/{service} 的日志缺少位置 {position}"
    en: ClassVar[str] = "The log of {tenant}/{service} lacks position {position}"
    tenant: str
    service: str
    position: int


@dataclass(eq=False, kw_only=True)
class ViewBehind(LogError):
    zh: ClassVar[str] = "视图尚未更新到 {service}:{position}，请稍后再试"
    en: ClassVar[str] = "The view has not come to {service}:{position} yet: ask again shortly"
    service: str
    position: int
