"""Capture of facts: read by a mapping, staged unseen, anchored by one append that makes the whole batch visible.

A batch's id follows from tenant, mapping version and file content: the same file sent again is the same batch, and one
that was cut off half way is begun anew.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Protocol
from uuid import UUID

from services.investigation.domain.facts.batch import FACTS, MEASURES, AnchorBatch, Batch
from services.investigation.domain.facts.errors import CellRefused, EncodingRefused, FileEmpty
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.facts.rows import Interpreter
from services.investigation.domain.facts.stored import StoredFact, stored
from shared.contracts.investigation.facts import DailyVolume, FactsCaptured, FactsSuperseded, Superseded
from shared.kernel.errors import KeyReused
from shared.kernel.handling import Handler, check_expected
from shared.kernel.ids import derived_id
from shared.kernel.ports import Context, EventStore, Loaded, Vault

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

CHUNK_ROWS = 2000
ERRORS_REPORTED = 200
MAX_CELL = 64 * 1024

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


@dataclass(frozen=True, slots=True)
class RowError:
    """`line` is the source's own, the header being line 1."""

    line: int
    error: CellRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a file came to. `errors` are the first ones; `repeated`: this very file was captured before."""

    batch_id: UUID
    captured: FactsCaptured
    position: int
    errors: tuple[RowError, ...] = ()
    superseded: int = 0
    repeated: bool = False


@dataclass(slots=True)
class _Tally:
    """What has been read so far."""

    line: int = 1
    rows: int = 0
    refused: int = 0
    errors: list[RowError] = field(default_factory=list)
    sum: Hash = field(default_factory=sha256)


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
        file_sum = await asyncio.to_thread(_sum, source)
        batch_id = derived_id("facts", context.tenant, mapping.mapping, str(mapping.version), file_sum)
        known = await self._store.load(context.tenant, FACTS.stream(batch_id), context.key)
        if known.known is not None and known.known_fingerprint != context.key.fingerprint:
            raise KeyReused(scope=context.key.scope, key=context.key.key)
        if known.known is None:
            check_expected(context, FACTS.stream(batch_id), known.version)
        if known.events:
            tally = await asyncio.to_thread(_reread, mapping, source, context.now)
            return _known(batch_id, known, tally, is_retry=known.known is not None)
        async with self._staging.one_at_a_time(context.tenant):
            await self._staging.discard(context.tenant, batch_id)
            tally = await self._stage(context, mapping, source, batch_id, progress)
            command = await self._summed(context.tenant, mapping, batch_id, file_sum, tally)
            handled = await self._anchor.handle(context, batch_id, command)
        return Captured(
            batch_id=batch_id,
            captured=command.captured,
            position=handled.appended.position,
            errors=tuple(tally.errors),
            superseded=len(command.superseded),
        )

    async def _stage(
        self, context: Context, mapping: FactMapping, source: BinaryIO, batch_id: UUID, progress: Progress
    ) -> _Tally:
        """The next lines are read while the database takes the ones before."""
        file = _File(mapping, source, context.now)
        reading = asyncio.create_task(asyncio.to_thread(file.chunk))
        try:
            while (facts := await reading) is not None:
                reading = asyncio.create_task(asyncio.to_thread(file.chunk))
                line = file.tally.line
                await self._staging.stage(context.tenant, batch_id, mapping.kind.name, facts)
                progress(line - 1)
        finally:
            await asyncio.wait([reading])  # nobody may close the source under the reader
        tally = file.tally
        if tally.rows == 0 and tally.refused == 0:
            raise FileEmpty
        return tally

    async def _summed(
        self, tenant: str, mapping: FactMapping, batch_id: UUID, file_sum: str, tally: _Tally
    ) -> AnchorBatch:
        measured = mapping.kind.name in MEASURES
        return AnchorBatch(
            captured=FactsCaptured(
                batch_id=batch_id,
                kind=mapping.kind.name,
                system=mapping.system,
                source=mapping.source,
                mapping=mapping.mapping,
                mapping_version=mapping.version,
                rows=tally.rows,
                refused_rows=tally.refused,
                sha256=tally.sum.hexdigest(),
                file_sha256=file_sum,
            ),
            volumes=tuple(await self._staging.volumes(tenant, batch_id)) if measured else (),
            superseded=tuple(await self._staging.superseded(tenant, batch_id)),
        )


class _File:
    """A file on its way: `chunk` reads and interprets the next lines."""

    def __init__(self, mapping: FactMapping, source: BinaryIO, now: datetime) -> None:
        self.tally = _Tally()
        self._mapping = mapping
        self._lines = _rows(mapping, source)
        self._interpreter = Interpreter(mapping, now)

    def chunk(self) -> list[StoredFact] | None:
        """The facts of some lines; it may be none, where all were refused. None at the end."""
        facts: list[StoredFact] = []
        lines = 0
        for raw in islice(self._lines, CHUNK_ROWS):
            lines += 1
            self._interpret(raw, facts)
        return facts if lines else None

    def _interpret(self, raw: Mapping[str, str], facts: list[StoredFact]) -> None:
        tally, mapping = self.tally, self._mapping
        tally.line += 1
        found = self._interpreter.row(raw)
        if found.errors:
            tally.refused += 1
            room = ERRORS_REPORTED - len(tally.errors)
            tally.errors += [RowError(tally.line, error) for error in found.errors[:room]]
        for record in found.records:
            fact = stored(mapping.kind, tally.rows, mapping.natural_key(record), record, raw)
            tally.rows += 1
            tally.sum.update(fact.sha256)
            facts.append(fact)


def _rows(mapping: FactMapping, source: BinaryIO) -> Iterator[Mapping[str, str]]:
    """The file's rows by column name. A missing cell is empty; cells beyond the header are ignored."""
    source.seek(0)
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    csv.field_size_limit(MAX_CELL)
    try:
        lines = csv.reader(text, delimiter=mapping.delimiter)
        header = next(lines, [])
        for cells in lines:
            if cells:  # an empty line is no row
                missing = [""] * (len(header) - len(cells))
                yield dict(zip(header, cells + missing, strict=False))
    except UnicodeDecodeError as error:
        raise EncodingRefused(encoding=mapping.encoding, byte=error.start) from error
    finally:
        text.detach()


def _sum(source: BinaryIO) -> str:
    source.seek(0)
    whole = sha256()
    while block := source.read(1 << 20):
        whole.update(block)
    return whole.hexdigest()


def _reread(mapping: FactMapping, source: BinaryIO, now: datetime) -> _Tally:
    """What is wrong with the rows, found again: the retry of a lost answer hears of it too."""
    file = _File(mapping, source, now)
    while file.chunk() is not None:
        pass
    return file.tally


def _known(batch_id: UUID, known: Loaded, tally: _Tally, *, is_retry: bool) -> Captured:
    """As the first time, for the retry of that very request; `repeated` where the file came by another one."""
    events = [recorded.event for recorded in known.events]
    state = FACTS.fold(events)
    if state.captured is None:
        raise AssertionError(f"facts-{batch_id} has events but was not captured")
    return Captured(
        batch_id=batch_id,
        captured=state.captured,
        position=known.events[-1].position,
        errors=tuple(tally.errors),
        superseded=sum(len(event.superseded) for event in events if isinstance(event, FactsSuperseded)),
        repeated=not is_retry,
    )
