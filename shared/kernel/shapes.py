"""The shape of an answer, said once: a dataclass as it stands, or one put together here of what it is made of.

A view that is a dataclass needs nothing. Where an answer is put together as a plain object, its shape stands in the
service's `entrypoints/shapes.py`, made of the contracts' own types. shared/adapters/http/schema.py makes JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, make_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints
from uuid import UUID

from shared.kernel.readmodel import ReadModel

ABSENT = "may be absent"
"""`Annotated[kind, ABSENT]`: a field that not every such answer has. All others are always there, if only as null."""

_OF_COLUMN: Mapping[str, Any] = MappingProxyType(
    {
        "text": str,
        "uuid": UUID,
        "integer": int,
        "bigint": int,
        "numeric": Decimal,
        "boolean": bool,
        "timestamptz": datetime,
        "date": date,
        "jsonb": Any,
        "text[]": list[str],
    }
)


def absent(kind: Any) -> Any:
    """A field that not every such answer has."""
    return Annotated[kind, ABSENT]


def shape(name: str, text: str, /, **members: Any) -> Any:
    """A type of its own: its name in the document, what it is, and each field's type."""
    made = make_dataclass(name, list(members.items()), frozen=True)
    made.__doc__ = text
    return made


def but(kind: Any, name: str, text: str = "", /, *, without: Iterable[str] = (), **more: Any) -> Any:
    """The fields of `kind` without some, and with `more` (or others in their place). Raises TypeError for no field."""
    own = members_of(kind)
    unknown = set(without) - own.keys()
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    kept = {field: type_ for field, type_ in own.items() if field not in without}
    return shape(name, text or (kind.__doc__ or ""), **(kept | more))


def row_of(model: ReadModel, name: str, text: str, /, *columns: str, **more: Any) -> Any:
    """A row as it is listed: these columns of the read model (all: none named), and `more`."""
    own = {column.name: column for column in model.columns}
    unknown = set(columns) - own.keys()
    if unknown:
        raise TypeError(f"{model.name} has no column {', '.join(sorted(unknown))}")
    chosen = [own[column] for column in columns] if columns else model.columns
    members = {one.name: _OF_COLUMN[one.type] | None if one.nullable else _OF_COLUMN[one.type] for one in chosen}
    return shape(name, text, **(members | more))


def several(kind: Any) -> Any:
    """A row of them, where the kind is made here and so no type for mypy."""
    return list[kind]


def by_name(kind: Any) -> Any:
    """Name → one of them."""
    return dict[str, kind]


@cache
def items_of(kind: Any) -> Any:
    """`{"items": […]}`."""
    return shape(f"{kind.__name__}Items", "", items=several(kind))


@cache
def page_of(kind: Any) -> Any:
    """`{"items": […], "next": …}`."""
    text = "`next`：下一页的 cursor，null 为最后一页 · the next page's cursor, null on the last"
    return shape(f"{kind.__name__}Page", text, items=several(kind), next=str | None)


def members_of(kind: Any) -> dict[str, Any]:
    """Field → type, of a dataclass or a msgspec struct, in order."""
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else list(kind.__struct_fields__)
    return {name: hints[name] for name in names}
