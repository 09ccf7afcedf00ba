"""The AsyncAPI 3.0 document of what is on Kafka, from the contracts: which topics, which messages, which schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.asyncapi import inbound
from deploy.asyncapi.headers import header_schemas
from deploy.asyncapi.schemas import envelopes, payload_name, payloads, reference
from deploy.inbound_schemas import message_rules
from shared.adapters.http.app import VERSION
from shared.adapters.kafka.records import CONTENT_TYPE, SOURCE
from shared.adapters.kafka.settings import PARTITIONS, KafkaSettings
from shared.adapters.kafka.topics import FOR_EVER, RECORD_BYTES, TopicNames
from shared.contracts.catalogue import EVENT_TYPES, SERVICES
from shared.contracts.event import EventType
from shared.kernel.schemas import exported_schema_id, schema_id

Part = dict[str, Any]

BINDING = "0.5.0"
_NAMES = TopicNames()
_TENANT = "租户的编号 · The tenant's id"
_SERVICES = {
    "intake": ("投诉受理", "complaints from registration to closing"),
    "investigation": ("追溯调查", "nodes, genealogy, causes and responsibility"),
    "capa": ("纠正与预防措施", "corrective and preventive actions and whether they worked"),
    "analytics": ("指标，尚无自己的事件", "figures; no events of its own yet"),
}
_INTERNAL = "仅供同一部署内部使用：所有租户都在其中 · Internal to a cell: every tenant of it is here."
_CHOSEN = (
    "默认关闭；该租户所选的事件，不含个人与私有字段 · Off by default. The events chosen for that tenant, without "
    "personal and private fields; positions have gaps where others were not chosen."
)
_DESCRIPTION = (
    "已发布的历史：每个服务一个主题，键为租户，CloudEvents 1.0 二进制模式。主题前缀可设置（此处为 suyuan）。"
    "如何读取：docs/consuming.md。\n\n"
    "The published history: a topic a service, key = tenant, CloudEvents 1.0 in binary mode. The topics' first word is "
    "a setting (here suyuan). How to read them: docs/consuming.md."
)


def document() -> Part:
    """Without a database or a broker: the same for every installation that keeps the default names."""
    kinds = [kind for _, kind in sorted(EVENT_TYPES.items())]
    rules = [rule for rule in message_rules() if rule.body is not None]
    channels = {**_histories(kinds), "heads": _heads(), "export": _export(kinds)}
    inward = inbound.channels(rules)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Suyuan 溯源", "version": VERSION, "description": _DESCRIPTION},
        "defaultContentType": CONTENT_TYPE.decode(),
        "servers": {"kafka": _server()},
        "channels": channels | inward,
        "operations": {f"publish.{name}": _sent(name, channel) for name, channel in channels.items()}
        | inbound.operations(inward),
        "components": {
            "messages": _messages(kinds) | inbound.messages(rules),
            "schemas": header_schemas() | envelopes() | payloads(kinds) | inbound.schemas(rules),
        },
    }


def _server() -> Part:
    brokers = {"description": "SUYUAN_KAFKA_BOOTSTRAP", "default": "127.0.0.1:9092"}
    return {"host": "{brokers}", "protocol": "kafka", "variables": {"brokers": brokers}}


def _histories(kinds: list[EventType]) -> dict[str, Part]:
    return {
        service: {
            "address": _NAMES.events(service),
            "title": f"{zh} · {service}",
            "description": f"{zh} · {en[0].upper()}{en[1:]}. {_INTERNAL}",
            "messages": {kind.name: _message(kind.name) for kind in kinds if kind.service == service},
            "bindings": _topic(PARTITIONS),
        }
        for service, (zh, en) in ((service, _SERVICES[service]) for service in SERVICES)
    }


def _heads() -> Part:
    return {
        "address": _NAMES.heads,
        "title": "签名的链头 · Signed heads",
        "description": "每个日志最后的哈希，用 Ed25519 签名 · The last hash of each log, signed with Ed25519.",
        "messages": {"SignedHead": _message("SignedHead")},
        "bindings": _topic(PARTITIONS),
    }


def _export(kinds: list[EventType]) -> Part:
    return {
        "address": _NAMES.export("{tenant}"),
        "title": "租户的导出 · A tenant's export",
        "description": _CHOSEN,
        "parameters": {"tenant": {"description": _TENANT}},
        "messages": {f"{kind.name}.exported": _message(f"{kind.name}.exported") for kind in kinds},
        "bindings": _topic(1),
    }


def _topic(partitions: int) -> Part:
    kept = {name: [value] if name == "cleanup.policy" else int(value) for name, value in FOR_EVER.items()}
    replicas = KafkaSettings.model_fields["replicas"].default
    return {
        "kafka": {
            "partitions": partitions,
            "replicas": replicas,
            "topicConfiguration": {**kept, "max.message.bytes": 2 * RECORD_BYTES},
            "bindingVersion": BINDING,
        }
    }


def _sent(name: str, channel: Mapping[str, Any]) -> Part:
    return {"action": "send", "channel": {"$ref": f"#/channels/{name}"}, "title": channel["title"]}


def _message(name: str) -> Part:
    return {"$ref": f"#/components/messages/{name}"}


def _messages(kinds: list[EventType]) -> dict[str, Part]:
    head = {
        "name": "SignedHead",
        "title": "签名的链头 · Signed head",
        "payload": reference("SignedHead"),
        "bindings": _keyed_by_tenant(),
    }
    published = {kind.name: _event(kind, exported=False) for kind in kinds}
    exported = {f"{kind.name}.exported": _event(kind, exported=True) for kind in kinds}
    return {"SignedHead": head, **published, **exported}


def _event(kind: EventType, *, exported: bool) -> Part:
    schema = exported_schema_id(kind) if exported else schema_id(kind.name, kind.version)
    said = {"ce_type": kind.name, "ce_source": SOURCE.format(kind.service), "ce_dataschema": schema}
    own = {"type": "object", "properties": {name: {"const": value} for name, value in said.items()}}
    return {
        "name": kind.name,
        "title": f"{kind.zh} · {kind.en}",
        "headers": {"type": "object", "allOf": [reference(f"headers.{'exported' if exported else 'event'}"), own]},
        "payload": reference(payload_name(kind, exported=exported)),
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": _keyed_by_tenant(),
    }


def _keyed_by_tenant() -> Part:
    return {"kafka": {"key": {"type": "string", "description": _TENANT}, "bindingVersion": BINDING}}
