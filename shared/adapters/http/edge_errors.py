"""What the edge itself refuses, before any service sees the request. Each is one small class with its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from shared.kernel.errors import SuyuanError


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field. `field`: a JSON pointer (RFC 6901) in the body, else the parameter's name."""

    where: str
    field: str
    code: str
    zh: str
    en: str


@dataclass(eq=False, kw_only=True)
class EdgeError(SuyuanError):
    """`status` is the answer's; `headers` are sent with it."""

    status: ClassVar[int] = 400

    def headers(self) -> dict[str, str]:
        return {}

    def field_errors(self) -> Sequence[FieldError]:
        return ()


@dataclass(eq=False, kw_only=True)
class MissingHeader(EdgeError):
    zh: ClassVar[str] = "缺少请求头 {header}"
    en: ClassVar[str] = "The header {header} is missing"
    header: str

    def field_errors(self) -> Sequence[FieldError]:
        return (FieldError(where="header", field=self.header, code="missing", zh="必须提供", en="is required"),)


@dataclass(eq=False, kw_only=True)
class BadHeader(EdgeError):
    zh: ClassVar[str] = "请求头 {header} 无效：{expected_zh}"
    en: ClassVar[str] = "The header {header} is not valid: {expected_en}"
    header: str
    expected_zh: str
    expected_en: str

    def field_errors(self) -> Sequence[FieldError]:
        return (FieldError(where="header", field=self.header, code="bad", zh=self.expected_zh, en=self.expected_en),)


@dataclass(eq=False, kw_only=True)
class BadParameter(EdgeError):
    zh: ClassVar[str] = "查询参数 {parameter} 无效：{expected_zh}"
    en: ClassVar[str] = "The query parameter {parameter} is not valid: {expected_en}"
    parameter: str
    expected_zh: str
    expected_en: str

    def field_errors(self) -> Sequence[FieldError]:
        return (FieldError(where="query", field=self.parameter, code="bad", zh=self.expected_zh, en=self.expected_en),)


class BadCursor(BadParameter):
    """A cursor that this list did not give out."""


@dataclass(eq=False, kw_only=True)
class InvalidRequest(EdgeError):
    """Fields that can't be right: the body's or the parameters'."""

    status: ClassVar[int] = 422
    zh: ClassVar[str] = "请求中有 {count} 处错误，首先是 {first}：{first_zh}"
    en: ClassVar[str] = "The request has {count} wrong field(s), first {first}: {first_en}"
    errors: Sequence[FieldError]

    @property
    def facts(self) -> dict[str, object]:
        first = self.errors[0]
        where = first.field or "/"
        return {"count": len(self.errors), "first": where, "first_zh": first.zh, "first_en": first.en}

    def field_errors(self) -> Sequence[FieldError]:
        return self.errors


@dataclass(eq=False, kw_only=True)
class Unauthenticated(EdgeError):
    status: ClassVar[int] = 401
    zh: ClassVar[str] = "需要有效的访问令牌：{why_zh}"
    en: ClassVar[str] = "A valid access token is needed: {why_en}"
    why_zh: str
    why_en: str
    presented: bool = True

    def headers(self) -> dict[str, str]:
        challenge = 'Bearer realm="suyuan"' + (', error="invalid_token"' if self.presented else "")
        return {"WWW-Authenticate": challenge}


@dataclass(eq=False, kw_only=True)
class RoleMissing(EdgeError):
    status: ClassVar[int] = 403
    zh: ClassVar[str] = "该操作需要以下角色之一：{roles}"
    en: ClassVar[str] = "This operation needs one of the roles: {roles}"
    roles: str


@dataclass(eq=False, kw_only=True)
class NoSuchPath(EdgeError):
    status: ClassVar[int] = 404
    zh: ClassVar[str] = "没有该地址"
    en: ClassVar[str] = "There is nothing at this address"


@dataclass(eq=False, kw_only=True)
class MethodNotAllowed(EdgeError):
    status: ClassVar[int] = 405
    zh: ClassVar[str] = "该地址只接受 {allowed}"
    en: ClassVar[str] = "This address takes only {allowed}"
    allowed: str

    def headers(self) -> dict[str, str]:
        return {"Allow": self.allowed}


@dataclass(eq=False, kw_only=True)
class BodyTooSlow(EdgeError):
    """The rest of the body didn't come in time (RFC 9110 § 15.5.9)."""

    status: ClassVar[int] = 408
    zh: ClassVar[str] = "请求体未在规定时间内传完，连接已关闭：请重新发送"
    en: ClassVar[str] = "The body did not arrive in time and the connection is closed: send it again"

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


@dataclass(eq=False, kw_only=True)
class BodyTooLarge(EdgeError):
    """The connection stays open a while: closed under a client that is still sending, it would not read the answer."""

    status: ClassVar[int] = 413
    zh: ClassVar[str] = "请求体超过 {limit} 字节"
    en: ClassVar[str] = "The body is larger than {limit} bytes"
    limit: int


@dataclass(eq=False, kw_only=True)
class UnsupportedMediaType(EdgeError):
    status: ClassVar[int] = 415
    zh: ClassVar[str] = "请求体必须是 {expected}"
    en: ClassVar[str] = "The body must be {expected}"
    expected: str


@dataclass(eq=False, kw_only=True)
class ContentCoded(EdgeError):
    """Refused: a small body that unpacks to a large one would pass every limit."""

    status: ClassVar[int] = 415
    zh: ClassVar[str] = "请求体不接受 Content-Encoding「{coding}」，请直接发送未压缩的内容"
    en: ClassVar[str] = "No Content-Encoding is taken ('{coding}' was sent): send the body as it is"
    coding: str


@dataclass(eq=False, kw_only=True)
class TooManyRequests(EdgeError):
    status: ClassVar[int] = 429
    zh: ClassVar[str] = "请求过多，请在 {seconds} 秒后重试"
    en: ClassVar[str] = "Too many requests: try again in {seconds} s"
    seconds: int

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


@dataclass(eq=False, kw_only=True)
class Unavailable(EdgeError):
    """A dependency doesn't answer, a query took too long, a view is too far behind."""

    status: ClassVar[int] = 503
    zh: ClassVar[str] = "暂时无法处理（{what}），请稍后重试"
    en: ClassVar[str] = "Not possible just now ({what}): try again shortly"
    words: ClassVar[frozenset[str]] = frozenset({"what"})
    what: str

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}
