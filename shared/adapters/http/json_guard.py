r"""What no JSON body may hold, found before any service sees it, with a pointer to the place where there is one.

Refused: broken UTF-8, more than 64 levels, a repeated key (RFC 8259 § 4 leaves its meaning open), NaN and Infinity,
integers beyond ±(2⁵³ - 1) (RFC 7493 § 2.2), \\u0000 and lone surrogates (Postgres and canonical JSON can't hold them),
and texts with the mark of a sealed one: pasted into another field, it would be opened for whoever reads that.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.adapters.http.edge_errors import FieldError, InvalidRequest
from shared.adapters.http.validation import body_errors, pointer
from shared.kernel.marked import SEAL

T = TypeVar("T")

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
_MAX_DIGITS = 40
_LONG_INTEGER = len(str(MAX_INTEGER))

_SUSPICIOUS = re.compile(rb"\\u(?:00|[dD][89abAB])|" + SEAL.encode())
"""Anything of ASCII may be written as an escape, the mark of a seal too."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UNPAIRED = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Stands in the parsed tree where a value was that can't be kept."""

    code: str
    zh: str
    en: str


_REPEATED = _Wrong("duplicate-key", "键重复", "is given twice")
_TOO_LARGE = _Wrong("number-range", "数字超出 ±(2^53 - 1)，请改用字符串", "is beyond ±(2^53 - 1): send it as a string")
_NOT_FINITE = _Wrong("not-a-number", "NaN 和 Infinity 不是 JSON", "NaN and Infinity are not JSON")
_NUL = _Wrong("nul-character", "不能含字符 \\u0000", "must not hold the character \\u0000")
_SEALED = _Wrong("sealed-text", f"不能含加密标记 {SEAL}", f"must not hold the mark of a sealed text, {SEAL}")
_SURROGATE = _Wrong("lone-surrogate", "含不成对的代理字符", "holds half of a surrogate pair")


def guard(raw: bytes) -> Any:
    """The parsed body, once nothing of the above is in it. Raises InvalidRequest (422) naming every place."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        zh, en = f"第 {error.start} 字节处不是有效的 UTF-8", f"is not valid UTF-8 at byte {error.start}"
        raise _invalid("invalid-utf8", zh, en) from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and depth(raw) > MAX_DEPTH:
        raise _invalid("too-deep", f"嵌套超过 {MAX_DEPTH} 层", f"is nested deeper than {MAX_DEPTH} levels")
    try:
        parsed = _parsed(text)
    except JSONDecodeError as error:
        zh = f"不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）"
        en = f"is not valid JSON (line {error.lineno}, column {error.colno})"
        raise _invalid("json-invalid", zh, en) from None
    if _SUSPICIOUS.search(raw):
        _report(parsed)
    return parsed


def checked(adapter: TypeAdapter[T], raw: bytes) -> T:
    """A guarded body as its model. Raises InvalidRequest (422) naming every wrong field."""
    parsed = guard(raw)
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        raise body_errors(error.errors(include_url=False, include_input=False), parsed) from None


def _parsed(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except _FoundError:
        _report(_MARKING.decode(text))
        raise


def depth(raw: bytes) -> int:
    """The deepest nesting of brackets outside strings."""
    level = deepest = 0
    for byte in _STRING.sub(b"", raw):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


class _FoundError(Exception):
    """Something wrong is in the body: it is parsed again, to name every place."""


def _decoder(wrong: Callable[[_Wrong], Any]) -> JSONDecoder:
    """`wrong` makes what stands in the tree for a bad value, or raises."""

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            times = Counter(name for name, _ in members)
            made |= {name: wrong(_REPEATED) for name, many in times.items() if many > 1}
        return made

    def integer(digits: str) -> Any:
        if len(digits) < _LONG_INTEGER:
            return int(digits)
        return wrong(_TOO_LARGE) if len(digits) > _MAX_DIGITS or abs(int(digits)) > MAX_INTEGER else int(digits)

    def real(digits: str) -> Any:
        return wrong(_TOO_LARGE) if len(digits) > _MAX_DIGITS or not math.isfinite(float(digits)) else float(digits)

    return JSONDecoder(
        object_pairs_hook=pairs, parse_int=integer, parse_float=real, parse_constant=lambda _: wrong(_NOT_FINITE)
    )


def _raise(_: _Wrong) -> Any:
    raise _FoundError


_DECODER = _decoder(_raise)
_MARKING = _decoder(lambda what: what)


def _report(parsed: Any) -> None:
    errors: list[FieldError] = []
    _walk(parsed, [], errors)
    if errors:
        raise InvalidRequest(errors=tuple(errors[:100]))


def _walk(value: Any, path: list[str | int], errors: list[FieldError]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(name, path, errors)
            _walk(inner, [*path, name], errors)
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            _walk(inner, [*path, nth], errors)
    else:
        what = _fault(value)
        if what is not None:
            where = _UNPAIRED.sub("\ufffd", pointer(path))
            errors.append(FieldError(where="body", field=where, code=what.code, zh=what.zh, en=what.en))


def _fault(value: Any) -> _Wrong | None:
    if isinstance(value, _Wrong):
        return value
    if isinstance(value, str):
        if "\x00" in value:
            return _NUL
        if _UNPAIRED.search(value):
            return _SURROGATE
        if SEAL in value:
            return _SEALED
    return None


def guard_form(texts: Iterable[tuple[str, str]]) -> None:
    """The same for a form's texts and its files' names, by field. Raises InvalidRequest."""
    for name, text in texts:
        _report({name: text})


def _invalid(code: str, zh: str, en: str) -> InvalidRequest:
    return InvalidRequest(errors=(FieldError(where="body", field="", code=code, zh=zh, en=en),))
