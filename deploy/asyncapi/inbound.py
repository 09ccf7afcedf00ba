"""What other systems may send, and where what couldn't be taken goes: the channels that we receive from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deploy.asyncapi.schemas import PLACE, put, reference
from deploy.inbound_schemas import message_schemas
from shared.adapters.kafka.rejection import HANDLING, INBOUND, REJECTED, REJECTION, Handling, Rejection
from shared.adapters.kafka.topics import Keeping, TopicNames
from shared.adapters.messages import MessageRule
from shared.kernel.schemas import Schema

Part = dict[str, Any]

STRUCTURED = "application/cloudevents+json"
_NAMES = TopicNames()
_SPEAKS = (
    "主题代表哪个租户，由设置 SUYUAN_INBOUND 决定；见 docs/sending.md · For which tenant a topic speaks is a setting "
    "(SUYUAN_INBOUND), never the message's word: docs/sending.md."
)


def channels(rules: Sequence[MessageRule]) -> dict[str, Part]:
    """By name; the address is the topic's usual name."""
    of_kind = {kind: {rule.type: _message(rule.type) for rule in rules if rule.kind == kind} for kind in _TITLES}
    addresses = {"complaints": _NAMES.inbound_complaints, "epcis": _NAMES.inbound_epcis}
    taken = {
        f"inbound.{kind}": {
            "address": addresses[kind],
            "title": title,
            "description": f"{_SPEAKS} {said}".strip(),
            "messages": messages,
            "bindings": _kept(INBOUND),
        }
        for (kind, messages), (title, said) in zip(of_kind.items(), _TITLES.values(), strict=True)
    }
    rejected = {
        "address": _NAMES.rejected,
        "title": "拒收的消息 · Messages that could not be taken",
        "description": (
            "原消息的字节与头部，附原因（problem+json）；由 python -m deploy rejected 处理 · The original bytes and "
            "headers with the reason; `python -m deploy rejected` handles them. Persons may be named in the clear."
        ),
        "messages": {name: _message(name) for name in ("Rejection", "Handling")},
        "bindings": _kept(REJECTED),
    }
    return {**taken, "inbound.rejected": rejected}


_TITLES = {
    "complaints": ("外来投诉 · Complaints of other systems", ""),
    "epcis": (
        "外来 EPCIS 事件 · EPCIS events of other systems",
        "本版本一律拒收并说明原因 · This build takes none: each is rejected with the reason.",
    ),
}


def operations(made: Mapping[str, Part]) -> dict[str, Part]:
    return {
        f"{'publish' if name == 'inbound.rejected' else 'take'}.{name}": {
            "action": "send" if name == "inbound.rejected" else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "title": channel["title"],
        }
        for name, channel in made.items()
    }


def messages(rules: Sequence[MessageRule]) -> dict[str, Part]:
    taken = {
        rule.type: {
            "name": rule.type,
            "title": rule.title,
            "contentType": STRUCTURED,
            "description": (
                "CloudEvents 1.0：结构化模式（整条即如此），或二进制模式（属性在 ce_ 头部，值为 data） · Structured "
                "mode as here, or binary mode: attributes as ce_ headers, the value is what `data` is here."
            ),
            "payload": reference(rule.type),
        }
        for rule in rules
    }
    return {**taken, **{name: _handled(name, header, title) for name, (header, title) in _SAID.items()}}


_SAID = {
    "Rejection": (REJECTION, "拒收 · A rejection"),
    "Handling": (HANDLING, "拒收的处理 · What was done about a rejection"),
}


def schemas(rules: Sequence[MessageRule]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for name, schema in message_schemas(rules).items():
        put(found, name.removesuffix(".json"), "inbound.{}", schema)
    _, parts = msgspec.json.schema_components([Rejection, Handling], ref_template=f"{PLACE}{{name}}")
    return {**found, **parts}


def _handled(name: str, header: str, title: str) -> Part:
    """It is told by the last header; the value is the message's own."""
    content = {"type": "string", "contentMediaType": "application/json", "contentSchema": reference(name)}
    return {
        "name": name,
        "title": title,
        "headers": {"type": "object", "required": [header], "properties": {header: content}},
        "payload": {"description": "原消息的值；处理记录为空 · The message's own value; empty where it was handled"},
    }


def _kept(keeping: Keeping) -> Part:
    told = {name: [value] if name == "cleanup.policy" else int(value) for name, value in keeping.made.items()}
    allowed = {name: value for name, value in told.items() if name in ("cleanup.policy", "retention.ms")}
    return {
        "kafka": {"topicConfiguration": {**allowed, "max.message.bytes": keeping.largest}, "bindingVersion": "0.5.0"}
    }


def _message(name: str) -> Part:
    return {"$ref": f"#/components/messages/{name}"}
