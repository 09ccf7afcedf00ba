"""Every error as RFC 9457 `application/problem+json`, in the language of the request.

`type` is `urn:suyuan:problem:<code>`, stable; the code is the error's class name in kebab case. `errors` names the
wrong fields, `facts` holds the error's own ids, `correlation_id` finds the request in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from shared.adapters.http.edge_errors import EdgeError, FieldError
from shared.adapters.http.language import OFFERED, Language
from shared.kernel import errors as kernel
from shared.kernel.errors import SuyuanError

MEDIA_TYPE = "application/problem+json"
URN = "urn:suyuan:problem:"

_BRANCHES: dict[type[SuyuanError], tuple[int, str, str]] = {
    kernel.Refused: (409, "当前状态不允许该操作", "Not allowed in this state"),
    kernel.Invalid: (422, "字段的值不正确", "A value can't be right"),
    kernel.Forbidden: (403, "无权执行该操作", "You may not do this"),
    kernel.NotFound: (404, "找不到", "Not found"),
    kernel.VersionConflict: (409, "记录已被他人更新", "The record has moved on"),
    kernel.ClaimTaken: (409, "该值已被占用", "The value is taken"),
    kernel.KeyReused: (422, "幂等键已用于另一个请求", "Idempotency key used before"),
    kernel.KeyOwnerErased: (410, "个人数据主体已删除", "The data subject was erased"),
    kernel.EventTooLarge: (413, "内容过大", "Too large"),
    kernel.NotCanonical: (422, "含有不能保存的值", "A value can't be kept"),
    kernel.AppendRefused: (422, "含有不能保存的值", "A value can't be kept"),
    kernel.AppendUnknown: (503, "结果未知，请重试", "Outcome unknown, retry"),
    kernel.StoreUnavailable: (503, "数据库暂时无法访问", "The database can't be reached just now"),
    kernel.QueryTooSlow: (503, "查询超时", "The query took too long"),
    kernel.LookupTaken: (503, "请重试", "Try again"),
    kernel.SubjectKeyTaken: (503, "请重试", "Try again"),
    kernel.StoreFull: (507, "磁盘已满", "The disk is full"),
    kernel.WritingPaused: (503, "暂不接受写入", "Nothing is written for now"),
    kernel.LogError: (503, "日志暂时无法读取", "The log can't be read just now"),
    kernel.DomainError: (422, "请求被拒绝", "The request was refused"),
}

_STATUS_TITLES: dict[int, tuple[str, str]] = {
    400: ("请求有误", "Bad request"),
    401: ("未认证", "Not authenticated"),
    403: ("无权执行该操作", "You may not do this"),
    404: ("找不到", "Not found"),
    405: ("不支持该方法", "Method not allowed"),
    408: ("请求超时", "The request took too long"),
    412: ("版本已过期", "The version is stale"),
    413: ("内容过大", "Too large"),
    415: ("内容类型不支持", "Unsupported media type"),
    422: ("请求内容不正确", "The request can't be right"),
    429: ("请求过多", "Too many requests"),
    500: ("服务器内部错误", "Internal error"),
    503: ("暂时不可用", "Unavailable just now"),
}


class Answered(msgspec.Struct, frozen=True):
    """A problem ready to be sent."""

    status: int
    body: bytes
    headers: dict[str, str]


def status_of(error: SuyuanError, *, if_match: bool) -> int:
    """The HTTP status of an error; a stale version is 412 where the client sent If-Match (RFC 9110 § 13.1.1)."""
    if isinstance(error, EdgeError):
        return error.status
    if isinstance(error, kernel.VersionConflict) and if_match:
        return 412
    return _branch(error)[0]


def render(error: SuyuanError, language: Language, *, correlation_id: str, if_match: bool) -> Answered:
    """The whole answer to an error."""
    status = status_of(error, if_match=if_match)
    document = _document(error, language, status, correlation_id)
    headers = error.headers() if isinstance(error, EdgeError) else {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "1")
    return Answered(status, msgspec.json.encode(document), {**headers, "Content-Language": language})


def bilingual(error: SuyuanError, *, correlation_id: str) -> dict[str, Any]:
    """For whoever can't say which language they read: the document in Chinese, its sentences in English under `en`."""
    zh, en = (_document(error, each, status_of(error, if_match=False), correlation_id) for each in OFFERED)
    return zh | {"en": {name: en[name] for name in ("title", "detail", "errors") if name in en}}


def _document(error: SuyuanError, language: Language, status: int, correlation_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": URN + error.code,
        "title": _title(error, status, language),
        "status": status,
        "detail": error.text(language),
        "correlation_id": correlation_id,
    }
    fields = [_field(each, language) for each in _fields_of(error)]
    if fields:
        document["errors"] = fields
    if not isinstance(error, EdgeError) and error.facts:
        document["facts"] = {name: _plain(value) for name, value in error.facts.items()}
    return document


def render_crash(language: Language, *, correlation_id: str) -> Answered:
    """What a caller hears of a fault of ours: nothing of its inside, only how to name it."""
    title, detail = (
        ("服务器内部错误", "出现意外错误，已记录。请凭 correlation_id 联系管理员。")
        if language == "zh-CN"
        else ("Internal error", "Something unexpected happened and was recorded. Quote the correlation_id.")
    )
    document = {
        "type": URN + "internal",
        "title": title,
        "status": 500,
        "detail": detail,
        "correlation_id": correlation_id,
    }
    return Answered(500, msgspec.json.encode(document), {"Content-Language": language})


def bilingual_crash(*, correlation_id: str) -> dict[str, Any]:
    """A fault of ours, as `render_crash` tells it."""
    zh, en = (
        msgspec.json.decode(render_crash(each, correlation_id=correlation_id).body, type=dict[str, Any])
        for each in OFFERED
    )
    return zh | {"type": URN + "defect", "en": {name: en[name] for name in ("title", "detail")}}


def _branch(error: SuyuanError) -> tuple[int, str, str]:
    for cls in type(error).__mro__:
        if cls in _BRANCHES:
            return _BRANCHES[cls]
    return 500, *_STATUS_TITLES[500]


def _title(error: SuyuanError, status: int, language: Language) -> str:
    zh, en = _STATUS_TITLES.get(status, _STATUS_TITLES[400]) if isinstance(error, EdgeError) else _branch(error)[1:]
    return zh if language == "zh-CN" else en


def _fields_of(error: SuyuanError) -> list[FieldError]:
    if isinstance(error, EdgeError):
        return list(error.field_errors())
    wrong: Sequence[kernel.WrongField] = error.wrong if isinstance(error, kernel.DomainError) else ()
    if isinstance(error, kernel.NotCanonical) and error.path:
        wrong = [kernel.WrongField(error.path, error.text("zh-CN"), error.text("en"))]
    return [FieldError(where="body", field=_pointer(w.field), code=error.code, zh=w.zh, en=w.en) for w in wrong]


def _pointer(name: str) -> str:
    return name if name.startswith("/") else "/" + name.replace(".", "/")


def _field(each: FieldError, language: Language) -> dict[str, str]:
    detail = each.zh if language == "zh-CN" else each.en
    return {"in": each.where, "field": each.field, "code": each.code, "detail": detail}


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return str(value)
