"""JSON Schema (draft 2020-12, as OpenAPI 3.1 has it) of the types that answers are made of.

As shared.kernel.codec writes them: decimals as strings, times in RFC 3339, and every field there, if only as null.
msgspec's own schemas are those of a reader: they take a field with a default for one that may be missing, say nothing
of times without a zone in their type, and refuse unions of dataclasses.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from inspect import cleandoc
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec

from shared.adapters.http.glossary import words_of
from shared.contracts.event import Event, type_of
from shared.contracts.marks import Personal, Private
from shared.kernel.shapes import ABSENT, members_of

Json = dict[str, Any]

_PLAIN: Mapping[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Decimal: {"type": "string", "format": "decimal", "examples": ["12.5"]},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    UUID: {"type": "string", "format": "uuid"},
    Any: {},
    object: {},
}
_MARKS: Mapping[type, str] = {
    Personal: "个人信息；无权者见遮盖文本 · personal; whoever may not see it reads a placeholder",
    Private: "责任方自己的备注，他人不可见 · the party's own note, hidden from others",
}


class NotDescribable(TypeError):
    """A type that no answer is made of."""


class Components:
    """The objects of a document's answers, each once by its name; `taken` are the names that others use already."""

    def __init__(self, kinds: Iterable[Any], taken: Iterable[str] = ()) -> None:
        found: dict[Any, None] = {}
        for kind in kinds:
            _gather(kind, found)
        self._names = _named(list(found), frozenset(taken))
        self.schemas = {name: self._object(kind) for kind, name in self._names.items()}

    def schema(self, kind: Any) -> Json:
        """Raises NotDescribable."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if kind in self._names:
            return {"$ref": f"#/components/schemas/{self._names[kind]}"}
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Annotated:
            marks = [text for mark in inner[1:] for known, text in _MARKS.items() if isinstance(mark, known)]
            return self.schema(inner[0]) | ({"description": marks[0]} if marks else {})
        if origin is Literal:
            return _enumerated(inner)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.schema(each) for each in inner]}
        if not isinstance(origin, type):
            raise NotDescribable(f"{kind} has no JSON Schema here")
        return self._holder(origin, inner)

    def _holder(self, origin: type, inner: tuple[Any, ...]) -> Json:
        """Of a mapping, a tuple of several types, or any other row of things."""
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.schema(inner[1])}
        if origin is tuple and inner[-1] is not ...:
            items = [self.schema(each) for each in inner]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if issubclass(origin, (Sequence, AbstractSet)):
            return {"type": "array", "items": self.schema(inner[0])}
        raise NotDescribable(f"{origin} has no JSON Schema here")

    def _object(self, kind: Any) -> Json:
        members = members_of(kind)
        said: Json = {"title": _title(kind)}
        if text := _text(kind):
            said["description"] = text
        said["type"] = "object"
        said["properties"] = {name: self.schema(each) for name, each in members.items()}
        said["required"] = [name for name, each in members.items() if not _may_be_absent(kind, name, each)]
        return said


def _may_be_absent(kind: Any, name: str, member: Any) -> bool:
    """By its mark, or in a struct that leaves out what stands at its default."""
    if issubclass(kind, msgspec.Struct) and kind.__struct_config__.omit_defaults:
        return any(field.name == name and not field.required for field in msgspec.structs.fields(kind))
    return ABSENT in getattr(member, "__metadata__", ())


def _gather(kind: Any, found: dict[Any, None]) -> None:
    """Every object that the type holds, each once, from the outermost in."""
    if _is_object(kind):
        if kind not in found:
            found[kind] = None
            for member in members_of(kind).values():
                _gather(member, found)
    elif get_origin(kind) is not Literal:
        for inner in get_args(kind):
            _gather(inner, found)


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, msgspec.Struct))


def _named(kinds: Sequence[Any], taken: frozenset[str]) -> dict[Any, str]:
    """By the class's name; where two have it, with the service before it. Raises NotDescribable if still not apart."""
    plain = [kind.__name__ for kind in kinds]
    names = {
        kind: kind.__name__
        if plain.count(kind.__name__) == 1 and kind.__name__ not in taken
        else f"{kind.__module__.split('.')[1].capitalize()}{kind.__name__}"
        for kind in kinds
    }
    twice = {name for name in names.values() if list(names.values()).count(name) > 1 or name in taken}
    if twice:
        raise NotDescribable(f"two answers are called {', '.join(sorted(twice))}")
    return names


def _title(kind: Any) -> str:
    if issubclass(kind, Event):
        return f"{type_of(kind).zh} · {type_of(kind).en}"
    return str(kind.__name__)


def _text(kind: Any) -> str:
    """The docstring; not the signature that a dataclass without one is given."""
    told = cleandoc(kind.__doc__ or "")
    return "" if told.startswith(f"{kind.__name__}(") else told


def _enumerated(values: tuple[Any, ...]) -> Json:
    said: Json = {"enum": list(values)}
    if all(isinstance(value, str) for value in values):
        said["type"] = "string"
    if text := words_of(values):
        said["description"] = text
    return said
