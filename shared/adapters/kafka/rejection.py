"""What couldn't be taken from other systems, as it stands on `suyuan.inbound.rejected.v1`.

A rejection: the original value, the original headers, and after them one header of ours that says where it came from
and what is wrong with it. What a person did about it is another record under the same key, without the value. The topic
is compacted by that key: an open rejection stays for as long as it takes, and the bytes of a handled one, in which
persons may be named in the clear, go within days, while who handled it, when and why stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from shared.adapters.cloudevents import Headers
from shared.adapters.kafka.topics import RECORD_BYTES, Keeping
from shared.kernel.ids import derived_id

REJECTION = "suyuanrejection"
HANDLING = "suyuanhandling"

GONE_AFTER_MS = 7 * 24 * 3600 * 1000
REJECTED = Keeping(
    {"cleanup.policy": "compact", "max.compaction.lag.ms": str(GONE_AFTER_MS)},
    {"cleanup.policy": "compact"},
    largest=4 * RECORD_BYTES,
)
"""Room for the largest message of a topic that we made, and what is said about it."""
INBOUND = Keeping(
    {"cleanup.policy": "delete", "retention.ms": str(30 * 24 * 3600 * 1000)}, {"cleanup.policy": "delete"}
)
"""Compaction would lose messages of one key. The messages name persons in the clear: they are not kept for ever."""


class Origin(msgspec.Struct, frozen=True):
    """Where a message stood, and when it came there (Kafka's timestamp, ms)."""

    topic: str
    partition: int
    offset: int
    timestamp: int

    @property
    def id(self) -> UUID:
        """The same whenever this very record is rejected again."""
        return derived_id("rejection", self.topic, str(self.partition), str(self.offset))


class Rejection(msgspec.Struct, frozen=True):
    """`key`: of the original record. `was_null`: it had no value at all. `problem`: problem+json in both languages.

    `cut`: how many bytes it had, where it was too large for this topic; it stands here without them.
    """

    origin: Origin
    kind: str
    tenant: str
    rejected_at: datetime
    problem: dict[str, Any]
    key: bytes | None = None
    was_null: bool = False
    cut: int | None = None


class Handling(msgspec.Struct, frozen=True):
    """What was done about a rejection, by whom (an account's name), and why."""

    origin: Origin
    kind: str
    tenant: str
    what: Literal["retried", "dropped"]
    by: str
    at: datetime
    reason: str
    type: str
    """The problem's."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that couldn't be taken: its value and headers as they came, and how it ended, if it did."""

    id: UUID
    rejection: Rejection
    value: bytes | None
    headers: Headers


def rejection_record(rejection: Rejection, headers: Headers, value: bytes | None) -> tuple[bytes, list[Any]]:
    """Value and headers. Ours is the last: whatever a message brings under its name stands before it."""
    return value or b"", [*headers, (REJECTION, msgspec.json.encode(rejection))]


def handling_record(handling: Handling) -> tuple[bytes, list[Any]]:
    return b"", [(HANDLING, msgspec.json.encode(handling))]


def told(headers: Headers, value: bytes | None) -> Rejected | Handling | None:
    """What a record of the topic says; None where it is none of ours."""
    if not headers:
        return None
    name, said = headers[-1]
    try:
        if name == HANDLING:
            return msgspec.json.decode(said or b"", type=Handling)
        if name == REJECTION:
            rejection = msgspec.json.decode(said or b"", type=Rejection)
            return Rejected(rejection.origin.id, rejection, None if rejection.was_null else value, headers[:-1])
    except msgspec.DecodeError:
        pass
    return None


def still_open(records: Iterable[Rejected | Handling]) -> Mapping[UUID, Rejected]:
    """In the order of their rejection, of records in the topic's order. One rejected anew after all is open again."""
    found: dict[UUID, Rejected] = {}
    for record in records:
        if isinstance(record, Handling):
            found.pop(record.origin.id, None)
        else:
            found[record.id] = record
    return dict(sorted(found.items(), key=lambda one: one[1].rejection.rejected_at))
