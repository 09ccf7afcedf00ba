"""A canonical example of every event, made from its type hints with fixed values."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.contracts.event import Event

FIXED: dict[Any, Any] = {
    str: "文本 text",
    int: 7,
    bool: True,
    Decimal: Decimal("12.50"),
    UUID: UUID("01a205f8-376f-72e6-96e8-edb8be96e887"),
    datetime: datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
    date: date(2026, 3, 1),
}


def example(cls: type[Event]) -> Event:
    made: Event = _value(cls)
    return made


def _value(hint: Any) -> Any:
    if hint in FIXED:
        return FIXED[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(inner[0])
    if origin is Literal:
        return inner[0]
    if origin in (Union, UnionType):
        return _value(next(one for one in inner if one is not NoneType))
    if origin is tuple:
        return (_value(inner[0]),)
    if is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return hint(**{field.name: _value(hints[field.name]) for field in fields(hint)})
    raise TypeError(f"{hint} is no standard type of an event")
