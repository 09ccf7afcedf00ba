"""An event as a Kafka record and back: CloudEvents 1.0, Kafka binding, binary mode.

Value: the `data` bytes as they are under the chain. Key: the tenant. Header `suyuanmeta`: the `meta` bytes. `ce_*`
headers are copies for whoever routes or filters; `ce_position`, `ce_recordedat` and `ce_chainhash` are what the store
assigned. So whoever has the record has everything that the chain is computed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import ClassVar, Protocol

import msgspec
from aiokafka.partitioner import murmur2

from shared.adapters import metrics
from shared.adapters.logging import get_logger
from shared.kernel import chain
from shared.kernel.errors import LogError
from shared.kernel.recorded import Recorded
from shared.kernel.schemas import schema_id

META = "suyuanmeta"
SOURCE = "/suyuan/{}"
"""CloudEvents' `source` of a service's events."""
CONTENT_TYPE = b"application/json"
Headers = Sequence[tuple[str, bytes]]

_log = get_logger("suyuan.topic")


@dataclass(eq=False, kw_only=True)
class NotAnEvent(LogError):
    """Somebody else wrote to our topic, or the record was damaged on its way."""

    zh: ClassVar[str] = "{topic} 分区 {partition} 偏移 {offset} 不是本系统发布的事件（{problem}）"
    en: ClassVar[str] = "{topic} partition {partition} offset {offset} is no event that we published ({problem})"
    topic: str
    partition: int
    offset: int
    problem: str


class Record(Protocol):
    """What aiokafka's consumers hand out, as far as we look."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def partition_of(tenant: str, partitions: int) -> int:
    """Kafka's own default for keyed records (murmur2), so that any producer of the same key agrees."""
    found: int = (murmur2(tenant.encode()) & 0x7FFFFFFF) % partitions
    return found


def headers(recorded: Recorded) -> list[tuple[str, bytes]]:
    """The record's headers. Attribute names are lower-case letters and digits, as CloudEvents 1.0 (3.1) demands."""
    meta = recorded.meta
    found = [
        *_of_type(meta.service, meta.type, meta.schema_version),
        ("ce_id", str(meta.event_id).encode()),
        ("ce_subject", meta.stream.encode()),
        ("ce_time", _told(meta.occurred_at)),
        ("ce_partitionkey", meta.tenant.encode()),
        ("ce_position", b"%d" % recorded.position),
        ("ce_recordedat", _told(recorded.recorded_at)),
        ("ce_chainhash", recorded.hash.hex().encode()),
        ("ce_correlationid", str(meta.correlation_id).encode()),
        (META, recorded.meta_bytes),
    ]
    if meta.causation_id is not None:
        found.append(("ce_causationid", str(meta.causation_id).encode()))
    if meta.traceparent is not None:
        found.append(("ce_traceparent", meta.traceparent.encode()))
    return found


@cache
def _of_type(service: str, type_: str, version: int) -> Headers:
    """What all events of a type and version say alike."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_source", SOURCE.format(service).encode()),
        ("ce_type", type_.encode()),
        ("ce_dataschema", schema_id(type_, version).encode()),
        ("content-type", CONTENT_TYPE),
    )


def recorded(record: Record) -> Recorded:
    """The event of a record, with `place` its offset. Raises NotAnEvent."""
    try:
        found = dict(record.headers)
        event = Recorded(
            int(found["ce_position"]),
            datetime.fromisoformat(found["ce_recordedat"].decode()),
            bytes.fromhex(found["ce_chainhash"].decode()),
            found[META],
            record.value if record.value is not None else b"",
            record.offset,
        )
        _ = event.meta
    except (KeyError, ValueError, OverflowError, msgspec.DecodeError) as problem:
        raise _not_an_event(record, f"{type(problem).__name__}: {problem}") from problem
    return event


def events(records: Iterable[Record], service: str) -> Iterator[tuple[Record, Recorded]]:
    """Those records that are events of the service; what is none is said and passed over.

    That loses nothing: whatever stood in an event's place leaves a gap in its tenant's positions, which stops there.
    """
    for record in records:
        try:
            event = recorded(record)
            if (event.meta.tenant.encode(), event.meta.service) != (record.key, service):
                raise _not_an_event(record, f"it is of {event.meta.tenant}/{event.meta.service}")
        except NotAnEvent as foreign:
            metrics.FOREIGN_RECORDS.labels(record.topic).inc()
            _log.error("record passed over", why=str(foreign))
        else:
            yield record, event


def _not_an_event(record: Record, problem: str) -> NotAnEvent:
    return NotAnEvent(topic=record.topic, partition=record.partition, offset=record.offset, problem=problem)


def follows(recorded: Recorded, previous: bytes) -> bool:
    """Whether its hash is what the chain makes of it after `previous`: nothing in it was changed, nothing left out."""
    digest = chain.digest(recorded.meta_bytes, recorded.data_bytes)
    return recorded.hash == chain.link(previous, recorded.position, recorded.recorded_at, digest)


def _told(at: datetime) -> bytes:
    """RFC 3339 in UTC, always with microseconds: `recordedat` is under the chain to the last digit."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z").encode()
