"""Events to canonical bytes and back. These bytes are what is stored, hashed and published.

Canonical: UTF-8 JSON, keys sorted, no white space, decimals as strings, times in RFC 3339 (UTC as Z), no NaN, no float.
Reading ignores unknown fields; an unknown type or a newer schema version is never guessed at (`UnknownEvent`).
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import msgspec

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event, type_of
from shared.contracts.upcasters import upcast
from shared.kernel.errors import NotCanonical, UnknownEvent

_SUSPICIOUS = re.compile(rb'"-?s?(?:NaN|Infinity)|\\u0000', re.IGNORECASE)
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="string")


def encode(value: Event) -> bytes:
    """Canonical bytes of an event. Raises NotCanonical for NaN, infinity, NUL and lone surrogates."""
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise NotCanonical(path="", problem="lone surrogate") from error
    if _SUSPICIOUS.search(data):
        _refuse_what_json_cannot_hold(value, "")
    return data


def encode_plain(value: Any) -> bytes:
    """Canonical bytes of plain JSON-like values: answers, facts, manifests."""
    return _encoder.encode(value)


def decode_plain(data: bytes | str, kind: Any) -> Any:
    """JSON as a standard type or contract dataclass. Raises ValueError saying what doesn't fit."""
    return msgspec.json.decode(data, type=kind)


def decode(name: str, schema_version: int, data: bytes) -> Event:
    """The event of these bytes, brought up to the newest schema. Raises UnknownEvent for what this build can't know."""
    kind = EVENT_TYPES.get(name)
    if kind is None or schema_version > kind.version:
        raise UnknownEvent(type=name, schema_version=schema_version)
    if schema_version < kind.version:
        data = _encoder.encode(upcast(name, schema_version, kind.version, msgspec.json.decode(data)))
    return _decoder(kind.cls).decode(data)


def name_and_version(value: Event) -> tuple[str, int]:
    kind = type_of(type(value))
    return kind.name, kind.version


_decoders: dict[type[Event], msgspec.json.Decoder[Event]] = {}


def _decoder(cls: type[Event]) -> msgspec.json.Decoder[Event]:
    decoder = _decoders.get(cls)
    if decoder is None:
        decoder = _decoders[cls] = msgspec.json.Decoder(cls)
    return decoder


def _refuse_what_json_cannot_hold(value: object, path: str) -> None:
    if isinstance(value, Decimal) and not value.is_finite():
        raise NotCanonical(path=path, problem=str(value))
    if isinstance(value, str) and "\x00" in value:
        raise NotCanonical(path=path, problem="\\u0000")
    if is_dataclass(value):
        for field in fields(value):
            _refuse_what_json_cannot_hold(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_what_json_cannot_hold(key, path)
            _refuse_what_json_cannot_hold(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, inner in enumerate(value):
            _refuse_what_json_cannot_hold(inner, f"{path}[{index}]")
