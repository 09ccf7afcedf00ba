"""A dry run of a capture: the same reading of the same file, held against what is known; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from services.investigation.application.capture import Captured, batch_of, captured_of, known_batch
from services.investigation.application.source import SourceReading, sum_of
from services.investigation.domain.facts.batch import FACTS
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.facts.stored import StoredFact
from shared.kernel.ports import EventStore

FIRST = 20


class KnownFacts(Protocol):
    async def would_supersede(self, tenant: str, kind: str, rows: Sequence[StoredFact]) -> int:
        """How many of these rows differ from the current one of their natural key."""
        ...


@dataclass(frozen=True, slots=True)
class Previewed:
    """`captured` as the capture would answer, at no position; `first` are the first facts as they would be kept."""

    captured: Captured
    first: tuple[StoredFact, ...]


class Preview:
    def __init__(self, known: KnownFacts, store: EventStore) -> None:
        self._known = known
        self._store = store

    async def preview(
        self, tenant: str, mapping: FactMapping, source: BinaryIO, now: datetime, *, is_published: bool
    ) -> Previewed:
        """Raises FileEmpty and EncodingRefused. A mapping that isn't published names no batch that could be known."""
        file_sum = await asyncio.to_thread(sum_of, source)
        batch_id = batch_of(tenant, mapping, file_sum)
        read, superseded = SourceReading(mapping, source, now), 0
        first: list[StoredFact] = []
        while (facts := await asyncio.to_thread(read.next)) is not None:
            first += facts[: FIRST - len(first)]
            superseded += await self._known.would_supersede(tenant, mapping.kind.name, facts)
        read.not_empty()
        if is_published and (events := (await self._store.load(tenant, FACTS.stream(batch_id))).events):
            return Previewed(known_batch(batch_id, events, read, is_retry=False), tuple(first))
        captured = Captured(
            batch_id=batch_id,
            captured=captured_of(mapping, batch_id, file_sum, read),
            position=0,
            errors=tuple(read.errors),
            superseded=superseded,
        )
        return Previewed(captured, tuple(first))
