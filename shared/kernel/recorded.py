"""The envelope: who, when, why and in which order, around every event."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.event import Event
from shared.kernel import codec


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acted: an opaque subject id, resolved to a name only when shown. Services act as `service:<name>`."""

    subject: str
    roles: tuple[str, ...] = ()
    on_behalf_of: str | None = None


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an event before it is stored. `occurred_at` is valid time (in the world), aware, UTC."""

    event_id: UUID
    type: str
    schema_version: int
    tenant: str
    service: str
    stream: str
    version: int
    occurred_at: datetime
    actor: Actor
    correlation_id: UUID
    command_id: UUID
    causation_id: UUID | None = None
    reason: str | None = None
    traceparent: str | None = None


_meta_encoder = msgspec.json.Encoder(order="sorted")
_meta_decoder = msgspec.json.Decoder(Meta)


def encode_meta(meta: Meta) -> bytes:
    return _meta_encoder.encode(meta)


def decode_meta(data: bytes) -> Meta:
    return _meta_decoder.decode(data)


class Recorded:
    """A stored event: the bytes as they are under the chain, opened only when somebody looks.

    `position` is 1, 2, 3 … within (tenant, service); `recorded_at` is knowledge time, by the database's clock. `place`
    is where it was found on a topic (its offset), for a consumer to go on from; None from a table.
    """

    __slots__ = ("_event", "_meta", "data_bytes", "hash", "meta_bytes", "place", "position", "recorded_at")

    def __init__(
        self,
        position: int,
        recorded_at: datetime,
        hash_: bytes,
        meta_bytes: bytes,
        data_bytes: bytes,
        place: int | None = None,
    ) -> None:
        self.position = position
        self.recorded_at = recorded_at
        self.hash = hash_
        self.meta_bytes = meta_bytes
        self.data_bytes = data_bytes
        self.place = place
        self._meta: Meta | None = None
        self._event: Event | None = None

    @property
    def meta(self) -> Meta:
        if self._meta is None:
            self._meta = decode_meta(self.meta_bytes)
        return self._meta

    @property
    def event(self) -> Event:
        """The decoded event. Raises UnknownEvent for a type or schema version newer than this build."""
        if self._event is None:
            self._event = codec.decode(self.meta.type, self.meta.schema_version, self.data_bytes)
        return self._event

    @property
    def data(self) -> dict[str, Any]:
        """The content as plain JSON, of whatever type and version: for audit and replay."""
        plain: dict[str, Any] = msgspec.json.decode(self.data_bytes)
        return plain

    def __repr__(self) -> str:
        return f"Recorded({self.position}, {self.meta.type}, {self.meta.stream}@{self.meta.version})"
