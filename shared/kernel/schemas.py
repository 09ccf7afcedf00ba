"""JSON Schemas of the events, and whether an older reader can still read what a newer writer writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import EventType
from shared.kernel.marked import has_marks, marked_fields

Schema = dict[str, Any]


def schema_id(name: str, version: int) -> str:
    """How an event's schema is named: in itself, and by every record that follows it."""
    return f"urn:suyuan:event:{name}:v{version}"


def exported_schema_id(kind: EventType) -> str:
    """Of the same event without its marked fields; its own where it has none."""
    return schema_id(kind.name, kind.version) + (":exported" if has_marks(kind.cls) else "")


def schema_of(kind: EventType) -> Schema:
    """Draft 2020-12, titled in both languages; readers ignore fields that it doesn't name."""
    (root,), parts = msgspec.json.schema_components([kind.cls], ref_template="#/$defs/{name}")
    parts = {name: _dedented(part) for name, part in parts.items()}
    body = parts.pop(root["$ref"].rpartition("/")[2])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(kind.name, kind.version),
        "title": f"{kind.zh} · {kind.en}",
        **{key: value for key, value in body.items() if key != "title"},
        **({"$defs": dict(sorted(parts.items()))} if parts else {}),
    }


def exported_schema_of(kind: EventType) -> Schema:
    """The same of what a tenant's own systems get: without the marked fields (shared/adapters/kafka/export.py)."""
    schema = schema_of(kind)
    parts = {kind.cls.__name__: schema, **schema.get("$defs", {})}
    for name, left_out in marked_fields(kind.cls).items():
        part = parts[name]
        part["properties"] = {key: value for key, value in part["properties"].items() if key not in left_out}
        part["required"] = [key for key in part["required"] if key not in left_out]
    return schema | {"$id": exported_schema_id(kind)}


def _dedented(part: Schema) -> Schema:
    """The description without its indentation, which docstrings have up to Python 3.12 and lack from 3.13 on."""
    return part | {"description": cleandoc(part["description"])} if "description" in part else part


def schemas() -> Mapping[str, Schema]:
    """File name → schema of each event's newest version."""
    return {f"{name}.v{kind.version}.json": schema_of(kind) for name, kind in sorted(EVENT_TYPES.items())}


def breaks(old: Schema, new: Schema) -> Iterator[str]:
    """What a reader of `old` could not take from a writer of `new` under the same version; nothing if it can all.

    Allowed are a new optional field and an optional field's new default. A field that goes, a type that changes or
    narrows, and a field that becomes required need a new schema version and an upcaster.
    """
    for name, part in {"": old, **old.get("$defs", {})}.items():
        other = new if not name else new.get("$defs", {}).get(name)
        if other is None:
            yield f"{name} is gone"
            continue
        yield from _breaks_of_object(name, part, other)


def _breaks_of_object(name: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for field in sorted(before.keys() - after.keys()):
        yield f"{name}.{field} is gone".lstrip(".")
    for field in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{name}.{field} has become required".lstrip(".")
    for field in sorted(before.keys() & after.keys()):
        if _shape(before[field]) != _shape(after[field]):
            yield f"{name}.{field} has another type".lstrip(".")


def _shape(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in ("default", "description", "title")}


def floats_in(kind: EventType) -> list[str]:
    """Fields whose JSON type is `number`: a float in an event would not be canonical."""
    return [name for name, part in _objects(schema_of(kind)) if '"number"' in msgspec.json.encode(part).decode()]


def _objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from schema.get("properties", {}).items()
    for part in schema.get("$defs", {}).values():
        yield from part.get("properties", {}).items()
