"""What the application needs from outside. Each port has one contract suite that every implementation passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from shared.contracts.event import Event
from shared.kernel.recorded import Actor, Recorded

MAX_EVENT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """Idempotency: `scope` is subject + operation, `fingerprint` an HMAC of the request. Unique within a tenant."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that must be unique beyond its stream; held for ever by the stream that took it first."""

    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """That `name` has dealt with the event `causation_id`. `outcome`: applied, nothing, or `refused: <code>`."""

    name: str
    causation_id: UUID
    outcome: str = "applied"


@dataclass(frozen=True, slots=True)
class NewKey:
    """The wrapped key of a data subject or party, stored with the append that uses it first."""

    owner: UUID
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Lookup:
    """A keyed hash (of a phone, an email …) by which a subject is found again; it goes when the key goes.

    Refused (LookupTaken) where another subject holds it and the owner's key is new; else the first holder keeps it.
    """

    digest: bytes
    owner: UUID


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """An event as it will be stored. `meta` and `data` are final canonical bytes."""

    type: str
    meta: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class AppendRequest:
    """One command's whole effect, done entirely or not at all.

    `expected` is the stream's version before; `key_owners` are whose keys the events are sealed under (refused when
    one was destroyed); `destroy` are the owners whose keys are destroyed by this very append; `answer` is what a
    repeat of the key hears, and holds no personal value.
    """

    tenant: str
    stream: str
    expected: int
    events: tuple[PreparedEvent, ...]
    key: Key
    claims: tuple[Claim, ...] = ()
    reaction: Reaction | None = None
    new_keys: tuple[NewKey, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    key_owners: tuple[UUID, ...] = ()
    destroy: tuple[UUID, ...] = ()
    answer: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append came to. `position` is that of its last event (0: it had none); `repeated`: known from before."""

    stream: str
    version: int
    position: int
    answer: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stream's events and, where the key was used before, its outcome (looked up in the same round trip)."""

    events: Sequence[Recorded]
    version: int
    known: Appended | None = None
    known_fingerprint: bytes | None = None


class EventStore(Protocol):
    """Appends and reads the streams of one service. Every method names its tenant."""

    service: str

    async def load(self, tenant: str, stream: str, key: Key | None = None, *, until: int | None = None) -> Loaded:
        """The stream's events, oldest first; with `until` only those at or before that log position (`as_of`)."""
        ...

    async def append(self, request: AppendRequest) -> Appended:
        """Do it, or raise one of the StoreErrors. A known key with the same fingerprint answers as the first time."""
        ...

    async def reacted(self, tenant: str, name: str, causation_ids: Collection[UUID]) -> set[UUID]:
        """Which of these events the reaction has dealt with."""
        ...

    async def holder(self, tenant: str, claim: Claim) -> str | None:
        """The stream that holds the claim."""
        ...

    async def position_at(self, tenant: str, moment: datetime) -> int:
        """The last log position recorded at or before that moment (0: none)."""
        ...


class EventLog(Protocol):
    """One service's log as its consumers see it. Order holds within a tenant; between tenants nothing is promised."""

    service: str

    async def heads(self) -> Mapping[str, int]:
        """Each tenant's last position."""
        ...

    async def read(self, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        """The next events past `after`, gapless, in order; empty at the head."""
        ...

    async def changed(self, seen: Mapping[str, int], patience: float) -> Mapping[str, int]:
        """Wait until some tenant's head is past `seen` (or `patience` seconds passed); the heads that are."""
        ...

    async def reached(self, tenant: str, position: int, patience: float) -> bool:
        """Whether there is such a position. Where this is a copy, it has `patience` seconds to get there."""
        ...


@runtime_checkable
class SharedLog(Protocol):
    """An EventLog that fetches for several readers at once: whoever reads on and on says who it is."""

    def reader(self, name: str) -> EventLog:
        """The same log for that reader, who is waited for, so that nothing is fetched twice."""
        ...


def for_reader(log: EventLog, name: str) -> EventLog:
    return log.reader(name) if isinstance(log, SharedLog) else log


class SubjectKeys(Protocol):
    """Where wrapped keys of data subjects and parties are kept, per tenant."""

    async def wrapped(self, tenant: str, owners: Collection[UUID]) -> Mapping[UUID, bytes | None]:
        """The wrapped key of each known owner; None where it was destroyed; absent where there never was one."""
        ...

    async def find(self, tenant: str, lookups: Collection[bytes]) -> Mapping[bytes, UUID]:
        """The living subjects behind these keyed hashes."""
        ...


class Numbers(Protocol):
    """Human numbers (`A2026-0001`): rising within tenant, scope and year; some may stay unused, none comes twice."""

    async def next(self, tenant: str, scope: str, year: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """Events with their marked fields sealed, and the keys that this made or uses."""

    events: tuple[Event, ...]
    new_keys: tuple[NewKey, ...] = ()
    key_owners: tuple[UUID, ...] = ()


class Vault(Protocol):
    """Seals and opens the marked fields of events (crypto-shredding)."""

    async def seal(self, tenant: str, stream: str, events: Sequence[tuple[UUID, Event]]) -> Sealed:
        """Seal the marked fields of each (event id, event)."""
        ...

    async def open(self, tenant: str, texts: Collection[str], language: str) -> Mapping[str, str]:
        """The plain text of each sealed text; "[erased]" / 「已删除」 where its key is gone."""
        ...


class Blobs(Protocol):
    """Content-addressed, immutable. The name is the SHA-256 of the stored (sealed) bytes, in lower-case hex."""

    async def put(self, tenant: str, chunks: AsyncIterator[bytes]) -> str: ...

    def get(self, tenant: str, sha256: str) -> AsyncIterator[bytes]:
        """The content in pieces. Raises FileNotFoundError where there is none of that name."""
        ...

    async def exists(self, tenant: str, sha256: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything about a command that is not its content: who, when, why, and what it follows from.

    `expected` comes from If-Match. `reason` is the actor's own, recorded in each event's meta.
    """

    tenant: str
    actor: Actor
    now: datetime
    key: Key
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    occurred_at: datetime | None = None
    reason: str | None = None
    traceparent: str | None = None
    expected: int | None = None
