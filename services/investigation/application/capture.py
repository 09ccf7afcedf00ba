"""Capture of facts: read by a mapping, staged unseen, anchored by one append that makes the whole batch visible.

A batch's id follows from tenant, mapping version and file content: the same file sent again is the same batch, and one
that was cut off half way is begun anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from uuid import UUID

from services.investigation.application.source import RowError, SourceReading, sum_of
from services.investigation.domain.facts.batch import FACTS, MEASURES, AnchorBatch, Batch
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.facts.stored import StoredFact
from shared.contracts.investigation.facts import DailyVolume, FactsCaptured, FactsSuperseded, Superseded
from shared.kernel.errors import KeyReused
from shared.kernel.handling import Handler, check_expected
from shared.kernel.ids import derived_id
from shared.kernel.ports import Context, EventStore, Vault
from shared.kernel.recorded import Recorded

Progress = Callable[[int], None]
"""Gets how many rows of the source have been read."""


class FactStaging(Protocol):
    """Where rows wait for their anchor."""

    async def stage(self, tenant: str, batch_id: UUID, kind: str, rows: Iterable[StoredFact]) -> None: ...

    async def discard(self, tenant: str, batch_id: UUID) -> None: ...

    async def superseded(self, tenant: str, batch_id: UUID) -> list[Superseded]: ...

    async def volumes(self, tenant: str, batch_id: UUID) -> list[DailyVolume]: ...

    def one_at_a_time(self, tenant: str) -> AbstractAsyncContextManager[None]:
        """One batch of a tenant is anchored after the other, so that each sees what it corrects."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a file came to. `errors` are the first ones; `repeated`: this very file was captured before."""

    batch_id: UUID
    captured: FactsCaptured
    position: int
    errors: tuple[RowError, ...] = ()
    superseded: int = 0
    repeated: bool = False


class Capture:
    """Captures files into one service's facts."""

    def __init__(self, staging: FactStaging, store: EventStore, vault: Vault) -> None:
        self._staging = staging
        self._store = store
        self._anchor: Handler[Batch, AnchorBatch] = Handler(FACTS, store, vault)

    async def capture(
        self, context: Context, mapping: FactMapping, source: BinaryIO, progress: Progress = lambda _: None
    ) -> Captured:
        """Good rows are kept, bad ones reported. Raises FileEmpty, EncodingRefused, and StoreErrors.

        If-Match is about the batch: 0 where the file is new.
        """
        file_sum = await asyncio.to_thread(sum_of, source)
        batch_id = batch_of(context.tenant, mapping, file_sum)
        known = await self._store.load(context.tenant, FACTS.stream(batch_id), context.key)
        if known.known is not None and known.known_fingerprint != context.key.fingerprint:
            raise KeyReused(scope=context.key.scope, key=context.key.key)
        if known.known is None:
            check_expected(context, FACTS.stream(batch_id), known.version)
        if known.events:
            again = SourceReading(mapping, source, context.now)
            await asyncio.to_thread(again.rest)
            return known_batch(batch_id, known.events, again, is_retry=known.known is not None)
        async with self._staging.one_at_a_time(context.tenant):
            await self._staging.discard(context.tenant, batch_id)
            read = await self._stage(context, mapping, source, batch_id, progress)
            captured = captured_of(mapping, batch_id, file_sum, read)
            command = await self._summed(context.tenant, captured)
            handled = await self._anchor.handle(context, batch_id, command)
        return Captured(
            batch_id=batch_id,
            captured=captured,
            position=handled.appended.position,
            errors=tuple(read.errors),
            superseded=len(command.superseded),
        )

    async def _stage(
        self, context: Context, mapping: FactMapping, source: BinaryIO, batch_id: UUID, progress: Progress
    ) -> SourceReading:
        """The next lines are read while the database takes the ones before."""
        read = SourceReading(mapping, source, context.now)
        reading = asyncio.create_task(asyncio.to_thread(read.next))
        try:
            while (facts := await reading) is not None:
                line = read.line
                reading = asyncio.create_task(asyncio.to_thread(read.next))
                await self._staging.stage(context.tenant, batch_id, mapping.kind.name, facts)
                progress(line - 1)
        finally:
            await asyncio.wait([reading])  # nobody may close the source under the reader
        read.not_empty()
        return read

    async def _summed(self, tenant: str, captured: FactsCaptured) -> AnchorBatch:
        batch_id, measured = captured.batch_id, captured.kind in MEASURES
        return AnchorBatch(
            captured=captured,
            volumes=tuple(await self._staging.volumes(tenant, batch_id)) if measured else (),
            superseded=tuple(await self._staging.superseded(tenant, batch_id)),
        )


def batch_of(tenant: str, mapping: FactMapping, file_sum: str) -> UUID:
    return derived_id("facts", tenant, mapping.mapping, str(mapping.version), file_sum)


def captured_of(mapping: FactMapping, batch_id: UUID, file_sum: str, read: SourceReading) -> FactsCaptured:
    """What a whole reading comes to."""
    return FactsCaptured(
        batch_id=batch_id,
        kind=mapping.kind.name,
        system=mapping.system,
        source=mapping.source,
        mapping=mapping.mapping,
        mapping_version=mapping.version,
        rows=read.rows,
        refused_rows=read.refused,
        sha256=read.sha256,
        file_sha256=file_sum,
    )


def known_batch(batch_id: UUID, known: Sequence[Recorded], read: SourceReading, *, is_retry: bool) -> Captured:
    """As the first time, for the retry of that very request; `repeated` where the file came by another one."""
    events = [recorded.event for recorded in known]
    state = FACTS.fold(events)
    if state.captured is None:
        raise AssertionError(f"facts-{batch_id} has events but was not captured")
    return Captured(
        batch_id=batch_id,
        captured=state.captured,
        position=known[-1].position,
        errors=tuple(read.errors),
        superseded=sum(len(event.superseded) for event in events if isinstance(event, FactsSuperseded)),
        repeated=not is_retry,
    )
