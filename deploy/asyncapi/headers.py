"""The headers of a record, as shared/adapters/kafka/records.py writes them (CloudEvents 1.0, Kafka binding, binary)."""

from __future__ import annotations

from deploy.asyncapi.schemas import reference
from shared.adapters.kafka.records import CONTENT_TYPE, META
from shared.kernel.schemas import Schema

_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"


def _text(said: str, pattern: str | None = None) -> Schema:
    return {"type": "string", "description": said, **({"pattern": pattern} if pattern else {})}


_ALWAYS: dict[str, Schema] = {
    "ce_specversion": {
        "type": "string",
        "const": "1.0",
        "description": "CloudEvents 的版本 · of CloudEvents",
    },
    "ce_id": _text("事件编号 · the event's id (uuid7)", _UUID),
    "ce_source": _text("哪个服务 · which service: /suyuan/<service>", "^/suyuan/[a-z]+$"),
    "ce_type": _text("事件类型 · the event's type"),
    "ce_subject": _text("所属的流 · the stream it belongs to, such as complaint-<id>"),
    "ce_time": _text("世界中发生的时间 · when it happened in the world (UTC, microseconds)", _TIME),
    "ce_dataschema": _text("数据的模式与版本 · schema and version of the data"),
    "content-type": {"type": "string", "const": CONTENT_TYPE.decode(), "description": "数据的格式 · what the value is"},
    "ce_partitionkey": _text("租户，与键相同 · the tenant, as the record's key"),
    "ce_position": _text("该租户在该服务日志中的位置 · position in the tenant's log of that service", "^[1-9][0-9]*$"),
    "ce_recordedat": _text("记录的时间 · when it was recorded (UTC, microseconds; under the chain)", _TIME),
    "ce_chainhash": _text("该位置的链哈希 · the chain's hash at that position (SHA-256, hex)", "^[0-9a-f]{64}$"),
    "ce_correlationid": _text("同一事情的编号 · what belongs together", _UUID),
}
_SOMETIMES: dict[str, Schema] = {
    "ce_causationid": _text("由哪个事件引起 · the event that caused it", _UUID),
    "ce_traceparent": _text("W3C 跟踪上下文 · W3C trace context"),
}
_META: dict[str, Schema] = {
    META: {
        **_text("元数据的原始字节，与数据一同在哈希链下 · the bytes of meta, under the chain together with the value"),
        "contentMediaType": CONTENT_TYPE.decode(),
        "contentSchema": reference("Meta"),
    }
}


def header_schemas() -> dict[str, Schema]:
    """Of an event as it is published, and as it is exported. Values are UTF-8 texts; there are no other headers."""
    return {"headers.event": _headers(_ALWAYS | _META), "headers.exported": _headers(_ALWAYS)}


def _headers(always: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "title": "记录头 · Headers",
        "properties": always | _SOMETIMES,
        "required": list(always),
        "additionalProperties": False,
    }
