"""What the running application says it offers, operation by operation, and bodies that its document calls good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_FORMATS = {
    "uuid": "01a205f8-376f-72e6-96e8-edb8be96e887",
    "date": "2026-01-05",
    "date-time": "2026-01-05T08:00:00+08:00",
}
_PATTERNS = {r"^[0-9a-f]{64}$": "ab" * 32, r"^[A-Z]{3}$": "CNY"}


@dataclass(frozen=True)
class Operation:
    """One method on one path, as the OpenAPI document has it. `roles` empty: public."""

    method: str
    path: str
    id: str
    roles: frozenset[str]
    parameters: tuple[Json, ...]
    body: Json | None
    media_type: str | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def ids(self) -> tuple[str, ...]:
        """The path's parameters that are ids and numbers of ours, from the outermost on."""
        return tuple(name for name, schema in self._in_path() if "format" in schema or schema["type"] == "integer")

    @property
    def names(self) -> tuple[str, ...]:
        """The path's parameters that are the company's own words for a thing (a lot): not ours to know or deny."""
        closed = {"enum", "const", "format"}
        return tuple(
            name for name, schema in self._in_path() if schema["type"] == "string" and not closed & set(schema)
        )

    def _in_path(self) -> list[tuple[str, Json]]:
        return [(p["name"], p["schema"]) for p in self.parameters if p["in"] == "path"]

    @property
    def is_create(self) -> bool:
        return any(p["name"] == "Idempotency-Key" and p["required"] for p in self.parameters)

    @property
    def is_write(self) -> bool:
        return any(p["name"] == "Idempotency-Key" for p in self.parameters)

    @property
    def is_paged(self) -> bool:
        return any(p["name"] == "cursor" for p in self.parameters)

    @property
    def takes_json(self) -> bool:
        return self.media_type == "application/json"

    def url(self, ids: Mapping[str, str]) -> str:
        """The path with these ids; parameters of a closed set get their first value."""
        first = {p["name"]: p["schema"]["enum"][0] for p in self.parameters if "enum" in p.get("schema", {})}
        return self.path.format_map({**first, **ids})


def operations(document: Json) -> list[Operation]:
    """Every operation of the document."""
    return list(_operations(document))


def _operations(document: Json) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            content = said.get("requestBody", {}).get("content", {})
            media_type = next(iter(content), None)
            body = _resolved(content[media_type]["schema"], document) if media_type else None
            parameters = tuple(said.get("parameters", ()))
            roles = frozenset(said.get("x-suyuan-roles", ()))
            yield Operation(method.upper(), path, said["operationId"], roles, parameters, body, media_type)


def _resolved(schema: Any, document: Json) -> Any:
    """The schema with every reference followed."""
    if isinstance(schema, list):
        return [_resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(document["components"]["schemas"][name], document)
    return {key: _resolved(value, document) for key, value in schema.items()}


def good(schema: Json) -> Any:
    """A value that the schema takes, of required fields only."""
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        return good(alternatives(schema)[0])
    match schema.get("type"):
        case "object":
            return {name: good(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return [good(schema["items"])] if schema.get("minItems") else []
        case "integer" | "number" | "boolean" as kind:
            return kind == "boolean" or max(1, schema.get("minimum", 1))
        case _:
            text = _PATTERNS.get(schema.get("pattern", ""), "A1")
            return _FORMATS.get(schema.get("format", ""), text)


def alternatives(schema: Json) -> list[Json]:
    """What a field may be, each by itself."""
    if "anyOf" in schema:
        return [each for choice in schema["anyOf"] for each in alternatives(choice)]
    return [] if schema.get("type") == "null" else [schema]


def takes_anything(schema: Json) -> bool:
    return not schema.keys() & {"type", "anyOf", "enum", "const"}


def mistyped(schema: Json) -> Any:
    """A value of a type that the field never has."""
    kinds = {each.get("type") for each in alternatives(schema)}
    return 7 if "object" in kinds else {"wrong": "type"}


def longest(schema: Json) -> int | None:
    """The most characters of a text field; None where it is none, or has no limit of its own."""
    limits = [each["maxLength"] for each in alternatives(schema) if "maxLength" in each]
    return max(limits, default=None)
