"""An example for each request body: its required fields, and those optional ones that most requests should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.adapters.http.body import Body
from shared.adapters.http.glossary import word

Json = dict[str, Any]

USUAL = frozenset(
    {
        *("contact", "phone", "account", "lot", "production_date", "defect_codes", "received_at"),
        *("product", "service", "position", "parties", "documents", "keywords", "percent", "note", "products"),
    }
)
"""Optional fields that an example has too."""

_OF_FORMAT: Mapping[str, str] = {
    "uuid": "01a205f8-376f-72e6-96e8-edb8be96e887",
    "date": "2026-03-31",
    "date-time": "2026-01-12T09:30:00+08:00",
}


def example_of(model: type[BaseModel], schema: Json, schemas: Mapping[str, Json]) -> Json:
    """A body that the model takes. What a glossary can't know comes from the model's own `example`."""
    own = model.example() if issubclass(model, Body) else {}
    return _object(model.__name__, schema, schemas) | own


def _object(owner: str, schema: Json, schemas: Mapping[str, Json]) -> Json:
    needed = set(schema.get("required", ()))
    chosen = [name for name in schema["properties"] if name in needed or name in USUAL]
    return {name: _value(owner, name, schema["properties"][name], schemas) for name in chosen}


def _value(owner: str, name: str, schema: Json, schemas: Mapping[str, Json]) -> Any:
    said = word(owner, name).example
    return _by_schema(owner, name, schema, schemas) if said is None else said


def _by_schema(owner: str, name: str, schema: Json, schemas: Mapping[str, Json]) -> Any:  # noqa: PLR0911 - one a kind
    if "$ref" in schema:
        kind = schema["$ref"].rpartition("/")[2]
        return _object(kind, schemas[kind], schemas)
    if "anyOf" in schema:
        return _by_schema(owner, name, schema["anyOf"][0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "array":
            return [_by_schema(owner, name, schema["items"], schemas)]
        case "object":
            return {}
        case "boolean":
            return False
        case "integer" | "number":
            return max(1, int(schema.get("minimum", 1)))
        case _:
            return schema.get("const") or _OF_FORMAT.get(schema.get("format", ""), name)
