"""A history read from the topics alone: recomputed, held against the signed heads, and handed on event by event.

Whoever audits needs no database of ours: an event's record carries everything that its hash is made of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.adapters.heads import SignedHead, decoded
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.history import unread_records
from shared.adapters.kafka.records import NotAnEvent, Record, follows, recorded
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, existing
from shared.adapters.postgres.verify import Fault, Verdict
from shared.kernel.chain import GENESIS
from shared.kernel.recorded import Recorded

HALF = 16

Progress = Callable[[int], None]
"""Gets how many records were read since it was last told."""


@dataclass(slots=True)
class Walk:
    """Where the recomputation of one tenant's log stands. `fault`, once set, is at `bad_position`."""

    tenant: str
    service: str
    heads: Mapping[int, SignedHead]
    position: int = 0
    hash: bytes = GENESIS
    fault: Fault | None = None
    bad_position: int | None = None
    seen: bytearray = field(default_factory=bytearray)
    """Half of each hash: enough to tell a repeat from another event, in 16 bytes an event."""

    def step(self, event: Recorded) -> bool:
        """Take one more event; whether it is the next of the log. A repeat is none; what is wrong stops the walk."""
        if self.fault is not None:
            return False
        if event.position <= self.position:
            if self.seen[(event.position - 1) * HALF : event.position * HALF] != event.hash[:HALF]:
                self._wrong("position_forged", event.position)
            return False
        if event.position > self.position + 1:
            self._wrong("position_missing", self.position + 1)
        elif not follows(event, self.hash):
            self._wrong("hash_differs", event.position)
        else:
            self.position, self.hash = event.position, event.hash
            self.seen += event.hash[:HALF]
            signed = self.heads.get(event.position)
            if signed is not None and signed.hash != event.hash.hex():
                self._wrong("signed_head_differs", event.position)
        return self.fault is None

    def end(self) -> None:
        """The topic has ended: nothing signed may lie beyond."""
        if self.fault is None and self.heads and max(self.heads) > self.position:
            self._wrong("tail_cut", self.position + 1)

    def _wrong(self, fault: Fault, position: int) -> None:
        self.fault, self.bad_position = fault, position

    def verdict(self) -> Verdict:
        return Verdict(
            tenant=self.tenant,
            service=self.service,
            events=self.position if self.fault is None else max((self.bad_position or 1) - 1, 0),
            head=self.hash.hex(),
            signed_position=max(self.heads, default=0),
            bad_position=self.bad_position,
            fault=self.fault,
            detail=None,
        )


@dataclass(slots=True)
class Heads:
    """The signed heads of the topic, by (tenant, service) and position.

    `forged`: the lowest position of a log for which a head is there that none of the keys signed.
    """

    signed: dict[tuple[str, str], dict[int, SignedHead]] = field(default_factory=dict)
    forged: dict[tuple[str, str], int] = field(default_factory=dict)


async def signed_heads(settings: KafkaSettings, keys: Iterable[Ed25519PublicKey]) -> Heads:
    """Every head that was published. A signature that is none of the keys' names its log. Raises KafkaError."""
    found, trusted = Heads(), list(keys)
    async for record in records_of(settings, TopicNames(settings.topic_prefix).heads):
        head = decoded(record.value or b"")
        if head is None:
            continue  # nobody's: a head that is gone leaves its log unproven, never a forged one proven
        log = (head.tenant, head.service)
        if any(head.is_signed_by(key) for key in trusted):
            found.signed.setdefault(log, {})[head.position] = head
        else:
            found.forged[log] = min(head.position, found.forged.get(log, head.position))
    return found


async def records_of(settings: KafkaSettings, topic: str, progress: Progress | None = None) -> AsyncIterator[Record]:
    """Everything on a topic, in order within a partition; nothing where there is none. Raises TopicLost, KafkaError."""
    async with administration(settings) as admin:
        there = await existing(admin, topic)
    if there is None:
        return
    async for _, records, _ in unread_records(client_arguments(settings), there, {}):
        for record in records:
            yield record
        if progress is not None:
            progress(len(records))


async def told(
    settings: KafkaSettings,
    service: str,
    walks: dict[str, Walk],
    heads: Heads,
    progress: Progress | None = None,
) -> AsyncIterator[Recorded]:
    """A service's events from its topic, each tenant's in order and once; `walks` gets how far each log holds.

    What is no event is passed over: it leaves a gap where an event was. Raises TopicLost, KafkaError.
    """
    async for record in records_of(settings, TopicNames(settings.topic_prefix).events(service), progress):
        try:
            event = recorded(record)
        except NotAnEvent:
            continue
        tenant = event.meta.tenant
        walk = walks.get(tenant)
        if walk is None:
            walk = walks[tenant] = Walk(tenant, service, heads.signed.get((tenant, service), {}))
        if walk.step(event):
            yield event
    for tenant, signed_service in heads.signed:
        if signed_service == service and tenant not in walks:
            walks[tenant] = Walk(tenant, service, heads.signed[tenant, service])
    for walk in walks.values():
        walk.end()
        forged = heads.forged.get((walk.tenant, service))
        if forged is not None and (walk.bad_position is None or forged < walk.bad_position):
            walk.fault, walk.bad_position = "signature_invalid", forged
