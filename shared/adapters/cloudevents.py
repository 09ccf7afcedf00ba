"""CloudEvents 1.0.2 as they come over Kafka (its protocol binding), in binary or structured mode.

Binary: `ce_…` headers are the attributes, the value is the data. Structured (`content-type:
application/cloudevents+json`): the value is one JSON object of the attributes and `data` or `data_base64`. All wrong
attributes are named at once; places in the data as the HTTP edge names those of a body.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from shared.adapters.http.body import Moment
from shared.adapters.http.edge_errors import FieldError, InvalidRequest, UnsupportedMediaType
from shared.adapters.http.json_guard import guard
from shared.adapters.http.validation import body_errors
from shared.adapters.messages import CloudEvent, InvalidMessage, attribute_error

Headers = Sequence[tuple[str, bytes | None]]

SPECVERSION = "1.0"
REQUIRED = ("specversion", "id", "source", "type")
ATTRIBUTE_LENGTH = 1000
STRUCTURED = "application/cloudevents+json"
JSON = "application/json"

_ANY_STRUCTURED = "application/cloudevents"
_DATA = ("data", "data_base64")
_PREFIX = "ce_"
_NAME = re.compile(r"[a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TIME: TypeAdapter[datetime] = TypeAdapter(Moment)


def cloud_event(headers: Headers, value: bytes | None) -> CloudEvent:
    """Raises InvalidMessage naming every wrong attribute, InvalidRequest for broken JSON, UnsupportedMediaType."""
    content_type = _content_type(headers)
    if content_type.startswith(_ANY_STRUCTURED):
        if content_type.partition(";")[0].strip() != STRUCTURED:  # a batch, or another format than JSON
            raise UnsupportedMediaType(expected=f"{STRUCTURED}, {JSON}")
        attributes, data = _structured(value or b"")
    else:
        attributes, data = _binary(headers), value
        attributes["datacontenttype"] = content_type or JSON
    _check(attributes)
    _require_json(attributes.get("datacontenttype") or JSON)
    if data is None:
        raise _wrong_data("missing", "缺少数据", "data is required")
    extensions = {name: text for name, text in attributes.items() if name not in (*REQUIRED, "datacontenttype")}
    return CloudEvent(attributes["id"], attributes["source"], attributes["type"], extensions, data)


def expect_type(event: CloudEvent, expected: str) -> None:
    """Raises InvalidMessage: another type is another contract, or another version of this one."""
    if event.type != expected:
        wrong = attribute_error("type", "literal-error", f"只能是：{expected}", f"must be {expected}")
        raise InvalidMessage(errors=(wrong,))


def _content_type(headers: Headers) -> str:
    found = [value or b"" for name, value in headers if name.lower() == "content-type"]
    return found[-1].decode("latin-1").strip().lower() if found else ""


def _binary(headers: Headers) -> dict[str, str]:
    attributes: dict[str, str] = {}
    wrong: list[FieldError] = []
    for header, value in headers:
        name = header.removeprefix(_PREFIX)
        if name == header:
            continue
        if name in attributes:
            wrong.append(attribute_error(name, "duplicate-key", "键重复", "is given twice"))
        try:
            attributes[name] = (value or b"").decode()
        except UnicodeDecodeError:
            wrong.append(attribute_error(name, "invalid-utf8", "不是有效的 UTF-8", "is not valid UTF-8"))
    _refuse(wrong)
    return attributes


def _structured(raw: bytes) -> tuple[dict[str, str], bytes | None]:
    """The attributes, and the data as its own bytes."""
    envelope = _guarded(raw)
    if not isinstance(envelope, dict):
        raise _wrong_data("model-type", "应为对象", "must be an object")
    wrong = [
        attribute_error(name, "string-type", "应为字符串", "must be a string")
        for name, told in envelope.items()
        if name not in _DATA and not _is_simple(name, told)
    ]
    if all(name in envelope for name in _DATA):
        wrong.append(attribute_error("data_base64", "one-of-two", "不能与 data 同时给出", "can't stand beside data"))
    _refuse(wrong)
    attributes = {name: _text(told) for name, told in envelope.items() if name not in _DATA and told is not None}
    if "data_base64" in envelope:
        return attributes, _unpacked(envelope["data_base64"])
    parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    return attributes, bytes(parts["data"]) if "data" in parts else None


def _guarded(raw: bytes) -> Any:
    """As `guard`; what stands in the data is named from there."""
    try:
        return guard(raw)
    except InvalidRequest as found:
        raise InvalidMessage(errors=tuple(_from_the_data(one) for one in found.errors)) from None


def _from_the_data(error: FieldError) -> FieldError:
    root, _, inner = error.field.removeprefix("/").partition("/")
    if not root or root == "data":
        return replace(error, field=f"/{inner}" if inner else "")
    return replace(error, where="attribute", field=root)


def _is_simple(name: str, told: object) -> bool:
    """Extension attributes may be whole numbers and truth values too; null is as if it weren't there."""
    return isinstance(told, str) or (name not in REQUIRED and (told is None or isinstance(told, (bool, int))))


def _text(told: object) -> str:
    return str(told).lower() if isinstance(told, bool) else str(told)


def _unpacked(told: object) -> bytes:
    try:
        return base64.b64decode(told if isinstance(told, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        wrong = attribute_error("data_base64", "base64", "不是有效的 base64", "is not valid base64")
        raise InvalidMessage(errors=(wrong,)) from None


def _check(attributes: Mapping[str, str]) -> None:
    """CloudEvents 1.0.2, Context Attributes. Raises InvalidMessage."""
    wrong = [
        attribute_error(name, "missing", "必须提供", "is required") for name in REQUIRED if not attributes.get(name)
    ]
    if attributes.get("specversion", SPECVERSION) not in {SPECVERSION, ""}:
        wrong.append(attribute_error("specversion", "literal-error", "只能是：1.0", "must be 1.0"))
    for name, text in attributes.items():
        wrong += _faults(name, text)
    _refuse(wrong)


def _faults(name: str, text: str) -> Iterator[FieldError]:
    if not _NAME.fullmatch(name):
        zh, en = "属性名只能含小写字母和数字", "an attribute's name has lower-case letters and digits only"
        yield attribute_error(name[:100], "attribute-name", zh, en)
    if _CONTROL.search(text):
        yield attribute_error(name, "control-character", "不能含控制字符", "must not hold control characters")
    if len(text) > ATTRIBUTE_LENGTH:
        limit = ATTRIBUTE_LENGTH
        yield attribute_error(
            name, "string-too-long", f"最多 {limit} 个字符", f"must have at most {limit} character(s)"
        )
    if name == "time":
        try:
            _TIME.validate_python(text)
        except ValidationError as error:
            (found,) = body_errors(error.errors(include_url=False, include_input=False), None).errors
            yield replace(found, where="attribute", field=name)


def _require_json(content_type: str) -> None:
    kind, _, parameters = content_type.lower().partition(";")
    is_json = kind.strip() == JSON or kind.strip().endswith("+json")
    if not is_json or parameters.strip().replace('"', "") not in {"", "charset=utf-8"}:
        raise UnsupportedMediaType(expected=JSON)


def _refuse(wrong: Sequence[FieldError]) -> None:
    if wrong:
        raise InvalidMessage(errors=tuple(wrong))


def _wrong_data(code: str, zh: str, en: str) -> InvalidMessage:
    return InvalidMessage(errors=(FieldError(where="body", field="", code=code, zh=zh, en=en),))
