"""What a tenant's own systems may read: `suyuan.export.<tenant>.v1`, one topic a tenant, off unless a setting names it.

The other topics hold every tenant of a cell, so no tenant's systems read them. All services of the cell write to the
export topic, each its own log in order. An exported event is the event with less:

- marked fields are left out, not published sealed: erasing a person reaches the keys, and nobody outside has those;
  what isn't there needs no erasing. Nor are keyed sums of personal values (`Internal`): they say who is the same. An
  event of an older schema version is told in its newest.
- `meta` stays in: its `actor` and `reason` say who of the staff did what and in which words they justified it. That is
  asked of the audit interface, which knows who may. A CloudEvents header says all that a system needs of it.
- position and chain hash go out: service, position and hash are how an event is cited as evidence, and order, gaps of
  what was not chosen, and repeats show by the position. The hash can't be computed from what is left, nor does it tell
  anything of what is not.

Published as the relay does (publishing.py), with what its predecessor left on the topic read first: nothing is there
twice. A tenant that is named later gets its whole history; a type that is named later comes from then on. A topic that
is unfit stops this service's exports of all tenants: it is said in the health, and commands go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

import asyncpg
import msgspec

from shared.adapters import metrics
from shared.adapters.kafka.fenced import fenced
from shared.adapters.kafka.history import Published, Told, compared
from shared.adapters.kafka.publishing import Lag, Outlet, Publisher, Publishing, Wire
from shared.adapters.kafka.records import META, SOURCE, Record
from shared.adapters.kafka.records import headers as headers_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import Topic, TopicNames, asserted
from shared.adapters.logging import get_logger
from shared.adapters.postgres.leading import leading
from shared.contracts.event import type_of
from shared.kernel import codec
from shared.kernel.marked import has_marks, leave_out
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded
from shared.kernel.schemas import exported_schema_id

EXPORT = "export"
"""The consumer under which it keeps its checkpoints, one for each tenant."""

_log = get_logger("suyuan.export")


def producer_of(names: TopicNames, service: str) -> str:
    """The transactional id of a service's one producer of exports: what a right to it is given by."""
    return f"{names.prefix}.{service}.export"


class Export(Publisher):
    """The exports of one service. `run` it in every process of the service; one of them is active."""

    def __init__(self, pool: asyncpg.Pool, log: EventLog, settings: KafkaSettings) -> None:
        super().__init__("export", pool, log, settings)
        self._names = TopicNames(settings.topic_prefix)
        self._alone = settings.model_copy(update={"partitions": 1})  # one tenant, one order: it fills one partition

    async def lag(self) -> Lag:
        return await self._lag(EXPORT, [*self._settings.exports])

    async def health(self) -> str:
        """Commands are taken whatever happens here."""
        if self._trouble is not None:
            return f"ok (nothing is exported: {self._trouble})"
        lag = await self.lag()
        return f"ok ({lag.events} events not exported, the oldest for {lag.seconds:.0f} s)" if lag.is_late else "ok"

    async def _lead(self) -> None:
        service = self._log.service
        async with leading(self._pool, f"export {self._names.prefix}"):
            topics = {
                tenant: await asserted(self._pool, self._alone, self._names.export(tenant))
                for tenant in self._settings.exports
            }
            marked = {topic.name: topic.partitions for topic in topics.values()}
            async with fenced(self._client, producer_of(self._names, service), marked) as producer:
                published = await self._compared(topics.values())
                self._trouble = None
                _log.info("exporting", of=service, tenants=len(topics))
                outlet = Outlet(EXPORT, topics.get, self._wire, metrics.EXPORTED.labels(service))
                await Publishing(self._pool, self._log, producer, outlet, published).run()

    async def _compared(self, topics: Iterable[Topic]) -> Published:
        whole = Published()
        for topic in topics:
            one = await compared(self._pool, self._client, self._log.service, topic, EXPORT, told_by_headers)
            whole.positions |= one.positions  # of all tenants, each time as far as is known by then
            whole.offsets |= one.offsets
        return whole

    def _wire(self, event: Recorded) -> Wire | None:
        meta = event.meta
        return exported(event) if _is_chosen(meta.type, self._settings.exports[meta.tenant]) else None


def exported(event: Recorded) -> Wire:
    """The event as others may have it. Raises UnknownEvent: nobody knows which of its fields would be marked."""
    known = event.event
    kind = type_of(type(known))
    value = event.data_bytes if event.meta.schema_version == kind.version else codec.encode(known)
    if has_marks(kind.cls):
        plain = msgspec.json.decode(value)
        leave_out(known, plain)
        value = codec.encode_plain(plain)
    headers = dict(headers_of(event))
    del headers[META]
    headers["ce_dataschema"] = exported_schema_id(kind).encode()
    return Wire(value, [*headers.items()])


def told_by_headers(records: Iterable[Record], service: str) -> Iterator[Told]:
    """What the exported records of this service say; the others are the other services'."""
    source = SOURCE.format(service).encode()
    for record in records:
        headers = dict(record.headers)
        if headers.get("ce_source") != source:
            continue
        try:
            told = Told(
                headers["ce_partitionkey"].decode(),
                int(headers["ce_position"]),
                bytes.fromhex(headers["ce_chainhash"].decode()),
            )
        except (KeyError, ValueError) as problem:
            metrics.FOREIGN_RECORDS.labels(record.topic).inc()
            _log.error("record passed over", topic=record.topic, offset=record.offset, why=repr(problem))
        else:
            yield told


@lru_cache(maxsize=4096)
def _is_chosen(name: str, types: tuple[str, ...]) -> bool:
    """By name alone: an event that this build doesn't know is chosen by `*`, and waited for."""
    return any(fnmatchcase(name, one) for one in types)
