"""The JSON Schemas of the messages that other systems may send: what is published is what the services validate by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings
from shared.adapters.cloudevents import ATTRIBUTE_LENGTH, SPECVERSION
from shared.adapters.messages import BodyModel, MessageRule

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": ATTRIBUTE_LENGTH}


def message_rules() -> list[MessageRule]:
    """Those of all four services, without a database."""
    with TemporaryDirectory() as folder:
        runtimes = unconnected(embedded_settings(Path(folder)))
        return [rule for runtime in runtimes.values() for rule in runtime.wired.messages]


def message_schemas(rules: Iterable[MessageRule]) -> Mapping[str, Schema]:
    """File name → schema of the message in structured mode; in binary mode its `data` is the value."""
    return {f"{rule.type}.json": _schema(rule, rule.body) for rule in rules if rule.body is not None}


def _schema(rule: MessageRule, model: BodyModel) -> Schema:
    body = model.model_json_schema(ref_template="#/$defs/{model}")
    parts = body.pop("$defs", {})
    attributes: Schema = {
        "specversion": {"const": SPECVERSION},
        "id": _TEXT | {"description": "与 source 一起唯一 · unique together with source: a repeat changes nothing"},
        "source": _TEXT | {"format": "uri-reference"},
        "type": {"const": rule.type},
        "datacontenttype": {"type": "string", "default": "application/json"},
        "time": {"type": "string", "format": "date-time"},
        "tenant": _TEXT
        | {"description": "可省略；与主题的租户不同则拒收 · optional; another than the topic's is rejected"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:suyuan:message:{rule.type}",
        "title": rule.title,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {**attributes, "data": {"$ref": f"#/$defs/{model.__name__}"}},
        "additionalProperties": {"type": ["string", "integer", "boolean", "null"]},
        "$defs": dict(sorted({**parts, model.__name__: body}.items())),
    }
