"""Holds a record as it is on the wire to the AsyncAPI document: key, every header, every field of the value."""

from __future__ import annotations

import json
import re
from typing import Any

from aiokafka.structs import ConsumerRecord
from jsonschema import Draft202012Validator

from shared.adapters.kafka.records import META
from tests.pages import PAGES

DOCUMENT: dict[str, Any] = json.loads((PAGES / "asyncapi.json").read_text(encoding="utf-8"))


def closed(schema: Any) -> Any:
    """A copy in which an object has no fields but those that are named: what nobody described would be found."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner


SCHEMAS = {name: closed(schema) for name, schema in DOCUMENT["components"]["schemas"].items()}


def validate(schema: Any, value: Any) -> None:
    """Raises jsonschema.ValidationError."""
    whole = {**schema, "components": {"schemas": SCHEMAS}}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def channel_of(topic: str, prefix: str) -> dict[str, Any]:
    """The channel of a topic under that prefix."""
    name = topic.replace(f"{prefix}.", "suyuan.", 1)
    (found,) = [one for one in DOCUMENT["channels"].values() if _address(one).fullmatch(name)]
    return found


def held(record: ConsumerRecord, prefix: str) -> str:
    """The type of the record's event. Raises jsonschema.ValidationError, AssertionError, KeyError."""
    headers = {name: value.decode() for name, value in record.headers}
    assert len(headers) == len(record.headers), "a header twice"
    told = headers["ce_type"]
    (reference,) = [
        one["$ref"] for one in channel_of(record.topic, prefix)["messages"].values() if _message(one)["name"] == told
    ]
    message = _message({"$ref": reference})
    validate(message["headers"], headers)
    validate(message["payload"], json.loads(record.value))
    validate(message["bindings"]["kafka"]["key"], record.key.decode())
    assert record.key.decode() == headers["ce_partitionkey"]
    if META in headers:
        validate(SCHEMAS["headers.event"]["properties"][META]["contentSchema"], json.loads(headers[META]))
    return told


def _address(channel: dict[str, Any]) -> re.Pattern[str]:
    address = re.escape(channel["address"])
    for parameter in channel.get("parameters", ()):
        address = address.replace(re.escape(f"{{{parameter}}}"), ".+")
    return re.compile(address)


def _message(reference: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    return found
