"""JSON Schemas as one document holds them: every part once, by name, under `components.schemas`."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from shared.adapters.heads import SignedHead
from shared.contracts.event import EventType
from shared.kernel.marked import has_marks
from shared.kernel.recorded import Meta
from shared.kernel.schemas import Schema, exported_schema_of, schema_of

PLACE = "#/components/schemas/"
_NOT_WITHIN = {"$schema", "$id", "$defs"}
"""What a schema says of itself as a document of its own: an `$id` within would lead its references elsewhere."""


def reference(name: str) -> Schema:
    return {"$ref": f"{PLACE}{name}"}


def payload_name(kind: EventType, *, exported: bool = False) -> str:
    """Under which name the schema of an event's data stands."""
    return f"{kind.name}.exported" if exported and has_marks(kind.cls) else kind.name


def payloads(kinds: Sequence[EventType]) -> dict[str, Schema]:
    """What every event's data are, as the service publishes them and as they are exported."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        put(found, kind.name, f"{kind.service}.{{}}", schema_of(kind))
        if has_marks(kind.cls):
            put(found, payload_name(kind, exported=True), f"{kind.service}.{{}}.exported", exported_schema_of(kind))
    return found


def envelopes() -> dict[str, Schema]:
    """`meta`, and a signed head."""
    _, parts = msgspec.json.schema_components([Meta, SignedHead], ref_template=f"{PLACE}{{name}}")
    return {name: {**part, "description": cleandoc(part.get("description", ""))} for name, part in parts.items()}


def put(found: dict[str, Schema], name: str, part_name: str, schema: Schema) -> None:
    """The schema and its parts. Raises ValueError where one name would stand for two schemas."""
    whole = {name: schema} | {part_name.format(part): body for part, body in schema.get("$defs", {}).items()}
    for key, body in whole.items():
        moved = _moved(body, part_name)
        if found.setdefault(key, moved) != moved:
            raise ValueError(f"two schemas would be called {key}")


def _moved(value: Any, part_name: str) -> Any:
    """A copy whose references lead to where the parts stand now."""
    if isinstance(value, dict):
        return {
            key: PLACE + part_name.format(inner.rpartition("/")[2]) if key == "$ref" else _moved(inner, part_name)
            for key, inner in value.items()
            if key not in _NOT_WITHIN
        }
    return [_moved(one, part_name) for one in value] if isinstance(value, list) else value
