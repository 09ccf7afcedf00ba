"""Keeps read models up to date: a batch folded in memory, written with one statement, its checkpoint with it.

An event that can't be applied parks its stream: that stream's later events wait with it, the others go on. An event
type or schema version newer than this build stops that tenant's consumer, which says so and goes on after the upgrade.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg
import structlog

from shared.adapters.failpoints import failpoint
from shared.adapters.postgres.connection import BROKEN
from shared.adapters.postgres.read_table import ReadTable, register
from shared.adapters.telemetry import TELEMETRY, span
from shared.kernel.errors import LogError, UnknownEvent
from shared.kernel.ports import EventLog, for_reader
from shared.kernel.readmodel import ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

BATCH = 1000
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.5
_NEVER = 2**62

_log = structlog.get_logger("projector")

_CHECKPOINTS = "select source, tenant, position from log.checkpoint where consumer = $1"
_MOVE = "select log.advance_checkpoint($1, $2, $3, $4, $5, $6, $7, $8)"
_PARK = """
insert into log.parked (consumer, source, tenant, stream, position, error)
select $1, $2, $3, * from unnest($4::text[], $5::bigint[], $6::text[]) on conflict do nothing"""


class CheckpointMoved(Exception):
    """Another process has applied this batch already, or a rebuild has put another table in this one's place."""


class Projector:
    """One read model of one service, following the logs of its sources."""

    def __init__(self, pool: asyncpg.Pool, model: ReadModel, logs: Mapping[str, EventLog]) -> None:
        self.model = model
        self._pool = pool
        self._logs = {source: for_reader(logs[source], f"view {model.name}") for source in sorted(model.sources)}
        self._one_at_a_time = asyncio.Lock()
        self._table: ReadTable | None = None
        self._moved = asyncio.Condition()
        self.positions: dict[str, dict[str, int]] = {source: {} for source in self._logs}
        self.halted: dict[tuple[str, str], LogError] = {}
        self._read_ahead: dict[tuple[str, str], Sequence[Recorded]] = {}
        self._losses = 0
        self._lost = asyncio.Event()

    @property
    def table(self) -> ReadTable:
        if self._table is None:
            raise RuntimeError(f"{self.model.name} was not started")
        return self._table

    async def start(self) -> None:
        async with self._pool.acquire() as connection:
            self._table = await register(connection, self.model)
        await self._read_checkpoints()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._show_when_caught_up(), name=f"show {self.model.name}")
            group.create_task(self._look_again(), name=f"look again {self.model.name}")
            for source in self._logs:
                group.create_task(self._follow(source), name=f"projector {self.model.name} ← {source}")

    def lag(self, source: str, heads: Mapping[str, int]) -> int:
        """How many events of the source's log are still to be applied, all tenants together."""
        return sum(max(0, head - self.positions[source].get(tenant, 0)) for tenant, head in heads.items())

    async def wait(self, source: str, tenant: str, position: int, patience: float) -> bool:
        """Whether the model has passed that position of the source's log within `patience` seconds."""

        def passed() -> bool:
            return self.positions[source].get(tenant, 0) >= position

        try:
            async with asyncio.timeout(patience), self._moved:
                await self._moved.wait_for(passed)
        except TimeoutError:
            return False
        return True

    async def _show_when_caught_up(self) -> None:
        """A changed definition is built beside what the view shows, which it replaces once it knows as much."""
        async with self._pool.acquire() as connection:
            shown = await connection.fetchval("select shown from log.read_model where name = $1", self.model.name)
        if shown == self.table.generation:
            return
        for source, log in self._logs.items():
            for tenant, head in (await log.heads()).items():
                while (source, tenant) not in self.halted and not await self.wait(source, tenant, head, 1):
                    pass
        async with self._pool.acquire() as connection, connection.transaction():
            await lock(connection, self.model.name)
            await self.table.show(connection)
        _log.info("read model rebuilt", model=self.model.name, generation=self.table.generation)

    def _doubt(self, _: object) -> None:
        """A connection that committed here is gone, perhaps with its server.

        Such commits don't wait for the disk: the last of them may be undone, rows and checkpoint together.
        """
        self._losses += 1
        for positions in self.positions.values():
            positions.clear()
        self._lost.set()

    async def _look_again(self) -> None:
        """What the database really has: events it lost are applied again, also where no new one comes."""
        while True:
            await self._lost.wait()
            self._lost.clear()
            try:
                await self.start()
            except BROKEN:
                self._lost.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, source: str) -> None:
        log = self._logs[source]
        while True:
            ahead = await log.changed(self._seen(source), PATIENCE_SECONDS)
            try:
                for tenant in ahead:  # a batch each, so that all go through the log together
                    await self._go_on(source, tenant)
            except Exception as error:
                if not isinstance(error, BROKEN) and not isinstance(error.__cause__, BROKEN):
                    raise
                await asyncio.sleep(RETRY_SECONDS)

    async def _go_on(self, source: str, tenant: str) -> None:
        try:
            await self.advance(source, tenant)
        except CheckpointMoved:
            await self.start()

    async def advance(self, source: str, tenant: str, limit: int = BATCH) -> int:
        """Apply the next batch of one tenant's log; how many events it had (0: nothing new, or halted)."""
        async with self._one_at_a_time:
            after = self.positions[source].get(tenant, 0)
            ahead = self._read_ahead.pop((source, tenant), ())
            following = ahead if ahead and ahead[0].position == after + 1 else None
            batch = self._readable(source, tenant, following or await self._logs[source].read(tenant, after, limit))
            if not batch:
                return 0
            last = batch[-1].position
            losses = self._losses
            reading = asyncio.create_task(self._decoded(source, tenant, last, limit)) if len(batch) == limit else None
            try:
                with span("project", parent=_cause(batch), model=self.model.name, events=len(batch)):
                    async with self._pool.acquire() as connection, connection.transaction():
                        connection.add_termination_listener(self._doubt)
                        await apply(connection, self.table, source, tenant, after, batch)
                        failpoint("before-projection-commit")
                failpoint("after-projection-commit")
            except BaseException:
                if reading is not None:
                    reading.cancel()
                raise
            if losses == self._losses:  # else the answer came, and then a connection went: look again
                await self._note(source, tenant, last)
            if reading is not None:
                self._read_ahead[source, tenant] = await reading
            return len(batch)

    async def _decoded(self, source: str, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        """The batch after, read and decoded while the database writes the one before."""
        batch = await self._logs[source].read(tenant, after, limit)
        for recorded in batch:
            with suppress(Exception):  # met again, and judged, when its turn comes
                _ = recorded.event
        return batch

    def _readable(self, source: str, tenant: str, batch: Sequence[Recorded]) -> Sequence[Recorded]:
        """The events before the first one that this build doesn't know."""
        for nth, recorded in enumerate(batch):
            try:
                _ = recorded.event
            except UnknownEvent as unknown:
                if (source, tenant) not in self.halted:
                    _log.error("consumer halted", model=self.model.name, source=source, tenant=tenant, why=str(unknown))
                self.halted[source, tenant] = unknown
                return batch[:nth]
            except Exception:  # noqa: BLE001, S112 - content that can't be decoded parks its stream, in the fold
                continue
        if batch:
            self.halted.pop((source, tenant), None)
        return batch

    def _seen(self, source: str) -> Mapping[str, int]:
        """A halted tenant's events wait for another build, which means a new process."""
        halted = {tenant: _NEVER for at, tenant in self.halted if at == source}
        return self.positions[source] | halted

    async def _read_checkpoints(self) -> None:
        for row in await self._pool.fetch(_CHECKPOINTS, self.table.consumer):
            if row["source"] in self.positions:
                await self._note(row["source"], row["tenant"], row["position"])

    async def _note(self, source: str, tenant: str, position: int) -> None:
        self.positions[source][tenant] = position
        async with self._moved:
            self._moved.notify_all()


def _cause(batch: Sequence[Recorded]) -> str | None:
    """The trace of the command behind the batch's last event, while traces are wanted."""
    return batch[-1].meta.traceparent if TELEMETRY.on else None


async def apply(
    connection: asyncpg.Connection, table: ReadTable, source: str, tenant: str, after: int, batch: Sequence[Recorded]
) -> None:
    """Fold the batch into the table and move the checkpoint from `after`, inside the caller's transaction.

    Raises CheckpointMoved where somebody else was first. Other sources of the same model and tenant wait meanwhile.
    """
    last = batch[-1]
    parked = await connection.fetchval(
        _MOVE,
        table.consumer,
        source,
        tenant,
        after,
        last.position,
        last.place,
        table.model.name,
        table.generation,
    )
    if parked is None:
        raise CheckpointMoved
    keys, heard = _touched(table.model, batch, set(parked))
    rows = Rows(table.model.key, await table.load(connection, tenant, keys))
    failed = fold(table.model, rows, heard, set(parked))
    await table.save(connection, tenant, rows.result())
    if failed:
        await connection.execute(
            _PARK,
            table.consumer,
            source,
            tenant,
            [r.meta.stream for r, _ in failed],
            [r.position for r, _ in failed],
            [why for _, why in failed],
        )


async def lock(connection: asyncpg.Connection, model: str) -> None:
    """Sources of one model share rows: one batch of a model at a time, over all processes."""
    await connection.execute("select pg_advisory_xact_lock(hashtext($1))", f"read model {model}")


def _touched(model: ReadModel, batch: Sequence[Recorded], parked: set[str]) -> tuple[set[RowKey], Sequence[Recorded]]:
    """The rows to load, and the events for the fold: of most, most models have nothing to tell."""
    keys: set[RowKey] = set()
    heard: list[Recorded] = []
    for recorded in batch:
        try:
            touched = tuple(model.touches(recorded))
        except Exception:  # noqa: BLE001 - the fold meets the same error, and parks the stream
            heard.append(recorded)
            continue
        if touched:
            keys.update(touched)
            heard.append(recorded)
        elif recorded.meta.stream in parked:
            heard.append(recorded)
    return keys, heard


def fold(model: ReadModel, rows: Rows, batch: Sequence[Recorded], parked: set[str]) -> list[tuple[Recorded, str]]:
    """Apply each event whose stream is not parked; what could not be applied, and why. Adds to `parked`."""
    failed: list[tuple[Recorded, str]] = []
    for recorded in batch:
        stream = recorded.meta.stream
        if stream in parked:
            failed.append((recorded, "waits behind an earlier event of its stream"))
            continue
        rows.mark()
        try:
            model.apply(rows, recorded)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one stream must not stop the others
            rows.undo()
            parked.add(stream)
            failed.append((recorded, f"{type(error).__name__}: {error}"))
            _log.error("stream parked", model=model.name, stream=stream, position=recorded.position, why=str(error))
    return failed
