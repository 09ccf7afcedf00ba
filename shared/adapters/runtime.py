"""What runs a service: its pools and ports, its consumers in the background, its health. The same for all four."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter

from shared.adapters import metrics
from shared.adapters.anchors import Anchor
from shared.adapters.disk import Room
from shared.adapters.heads import HeadBook, HeadFile, HeadSigner, HeadsUnreadable, Turn
from shared.adapters.logging import get_logger
from shared.adapters.messages import MessageRule
from shared.adapters.patience import back_off
from shared.adapters.postgres.connection import connect, make_pool
from shared.adapters.postgres.event_store import Gate, PostgresNumbers, PostgresStore, PostgresSubjectKeys
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.projector import Projector
from shared.adapters.postgres.reactor import Reactor
from shared.adapters.postgres.reader import PoolReader, TimedReader
from shared.adapters.postgres.timekeeper import Timekeeper
from shared.adapters.privacy import SealingVault
from shared.adapters.settings import Settings
from shared.kernel.beside import NOTHING_KEPT, Keeping
from shared.kernel.clock import Clock
from shared.kernel.errors import StoreError, SuyuanError, ViewBehind
from shared.kernel.ports import Blobs, EventLog
from shared.kernel.reacting import ReactionRule
from shared.kernel.readmodel import ReadModel
from shared.kernel.timing import TimerRule

OBSERVE_SECONDS = 5.0
PRUNE_SECONDS = 3600.0
PRUNE_AT_ONCE = 5000
RESTART_SECONDS = 1.0
STOP_SECONDS = 5.0
_OK = "ok"

_log = get_logger("suyuan.runtime")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Held outside the database: `master` wraps the keys of persons, `heads` signs what the logs' last hashes are."""

    master: bytes
    heads: Ed25519PrivateKey


class Resources:
    """The ports of one service, wired before anything connects.

    `reads` is for what is asked over HTTP: it has a time limit and connections of its own, so that slow questions hold
    up neither appends nor projections. `look_ups` of handlers and reactions has none: they'd ask again for ever.
    """

    def __init__(
        self,
        service: str,
        dsn: Mapping[str, Any],
        secrets: Secrets,
        blobs: Blobs,
        settings: Settings,
        clock: Clock,
        gate: Gate | None = None,
        heads: HeadBook | None = None,
    ) -> None:
        """`gate` is asked before each append; in embedded mode that is the room on the disk, and `heads` are a file."""
        self.service = service
        self.settings = settings
        self.clock = clock
        self.secrets = secrets
        self.blobs = blobs
        self.pool = make_pool(dsn, least=2, most=12)
        self.derived = make_pool(dsn, least=1, most=6, derived=True)
        self.asking = make_pool(dsn, least=0, most=4, query_seconds=settings.query_seconds)
        self.look_ups = PoolReader(self.derived)
        self.reads = TimedReader(self.asking, settings.query_seconds)
        self.log = PostgresLog(service, self.pool)
        self.room = Room(settings.data_dir) if settings.mode == "embedded" else None
        self.store = PostgresStore(self.pool, self.log, gate or self.room)
        self.keys = PostgresSubjectKeys(self.pool)
        self.vault = SealingVault(secrets.master, self.keys)
        self.numbers = PostgresNumbers(self.derived)
        self.heads: HeadBook = heads or HeadFile(settings.data_dir / "heads" / f"{service}.ndjson")


@dataclass(frozen=True, slots=True)
class Wired:
    """What a service's main makes of its resources."""

    router: APIRouter
    models: tuple[ReadModel, ...] = ()
    reactions: tuple[ReactionRule, ...] = ()
    timers: tuple[TimerRule, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    messages: tuple[MessageRule, ...] = ()
    keeping: Keeping = NOTHING_KEPT


class Views:
    """Waiting for read models to have come to a position (`Suyuan-After`), and the logs that they follow."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.projectors: dict[str, Projector] = {}
        self.reactors: dict[str, Reactor] = {}
        self.logs: Mapping[str, EventLog] = {}

    async def caught_up(self, tenant: str, after: Mapping[str, int], models: Sequence[str], patience: float) -> None:
        """Return once these models, and the reactions before them, have passed `after`. Raises ViewBehind."""
        for source, position in after.items():
            own = await self._reacted(source, tenant, position, patience)
            await self._folded(self._service, tenant, own, models, patience)
            await self._folded(source, tenant, position, models, patience)

    async def come_to(self, tenant: str, position: int, models: Sequence[str], patience: float) -> None:
        """Return once these models have passed that position of the service's own log, whatever reactions do.

        For what a command or a reaction looks up itself: it can't wait for its own effect. Raises ViewBehind.
        """
        await self._folded(self._service, tenant, position, models, patience)

    async def all_told(self, tenant: str, models: Iterable[ReadModel], patience: float) -> None:
        """Return once these models hold all that their logs tell at this moment. Raises ViewBehind."""
        for model in models:
            for source in model.sources:
                head = await self.head(source, tenant, patience)
                await self._folded(source, tenant, head, [model.name], patience)

    async def head(self, source: str, tenant: str, patience: float) -> int:
        """A log's last position. Another service's tells it once its topic was read to the end. Raises ViewBehind."""
        try:
            async with asyncio.timeout(patience):
                return (await self.logs[source].heads()).get(tenant, 0)
        except TimeoutError:
            raise ViewBehind(service=source, position=0) from None

    async def _folded(self, log: str, tenant: str, until: int, models: Sequence[str], patience: float) -> None:
        for name in models:
            projector = self.projectors[name]
            if log in projector.positions and not await projector.wait(log, tenant, until, patience):
                raise ViewBehind(service=log, position=until)

    async def _reacted(self, source: str, tenant: str, position: int, patience: float) -> int:
        """Wait for this service's reactions to the source; its own log's head after them."""
        reactor = self.reactors.get(source)
        if reactor is not None and not await reactor.wait(tenant, position, patience):
            raise ViewBehind(service=source, position=position)
        return (await self.logs[self._service].heads()).get(tenant, 0) if reactor is not None else 0

    def seen(self, tenant: str, models: Sequence[str]) -> dict[str, int]:
        """How far these models together have come along each of their sources."""
        vector: dict[str, int] = {}
        for name in models:
            for source, positions in self.projectors[name].positions.items():
                at = positions.get(tenant, 0)
                vector[source] = min(at, vector.get(source, at))
        return vector


class Companion(Protocol):
    """What works beside a service in its process for as long as it runs: a relay, the reading of a topic."""

    name: str

    async def run(self) -> None:
        """Until cancelled; where it fails it is begun again."""
        ...

    async def health(self) -> str:
        """`ok`, with what somebody should look at after it, or a few words without it."""
        ...

    async def close(self) -> None: ...


class Runtime:
    """One service as an application runs it (the `Service` protocol of the HTTP edge)."""

    def __init__(
        self,
        resources: Resources,
        wire: Callable[[Resources, Views], Wired],
        logs: Mapping[str, EventLog],
        companions: Sequence[Companion] = (),
        signing: Turn = nullcontext,
    ) -> None:
        """`logs` has this service's own log and those it reads of others. `signing`: what is held to sign heads."""
        self._companions = [*companions]
        self.resources = resources
        self.views = Views(resources.service)
        self.wired = wire(resources, self.views)
        self._logs = {**logs, resources.service: resources.log}
        self._tasks: list[asyncio.Task[None]] = []
        self._signer = HeadSigner(resources.secrets.heads, resources.log, resources.heads, resources.clock, signing)
        self.views.logs = self._logs
        self.views.projectors = {
            model.name: Projector(resources.derived, model, self._logs) for model in self.wired.models
        }
        self.views.reactors = {
            source: Reactor(
                resources.pool,
                resources.store,
                self._logs[source],
                [rule for rule in self.wired.reactions if rule.source == source],
                resources.clock,
            )
            for source in sorted({rule.source for rule in self.wired.reactions})
        }

    @property
    def name(self) -> str:
        return self.resources.service

    @property
    def router(self) -> APIRouter:
        return self.wired.router

    def accompany(self, companion: Companion) -> None:
        """One more, which needs what is wired here. Before the lifespan begins."""
        self._companions.append(companion)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Connect, start the consumers; at the end let what is in flight be finished."""
        await connect(self.resources.pool)
        await connect(self.resources.derived)
        await self.resources.asking
        try:
            await self.resources.log.heads()
            for projector in self.views.projectors.values():
                await projector.start()
            for reactor in self.views.reactors.values():
                await reactor.start()
            self._run_in_background()
            yield
        finally:
            await self._stop()

    async def health(self) -> Mapping[str, str]:
        states = {"postgres": _OK if await self.resources.pool.fetchval("select true") else "no answer"}
        for name, projector in self.views.projectors.items():
            if projector.halted:
                tenants = sorted({tenant for _, tenant in projector.halted})
                states[f"view {name}"] = f"halted for {len(tenants)} tenant(s): {next(iter(projector.halted.values()))}"
        for source, reactor in self.views.reactors.items():
            if reactor.halted:
                states[f"reactions to {source}"] = f"halted: {next(iter(reactor.halted.values()))}"
        if self.resources.room is not None and not self.resources.room.is_enough:
            states["disk"] = "full: reading only until there is space"
        for companion in self._companions:
            states[companion.name] = await companion.health()
        dead = [task.get_name() for task in self._tasks if task.done()]
        return states | dict.fromkeys(dead, "stopped") | await self._parked()

    async def _parked(self) -> dict[str, str]:
        """Parked streams are said, but the service goes on for everybody else."""
        rows = await self.resources.pool.fetch(
            "select consumer, count(distinct (tenant, stream)) streams from log.parked group by consumer"
        )
        for row in rows:
            metrics.PARKED_STREAMS.labels(row["consumer"]).set(row["streams"])
        total = sum(row["streams"] for row in rows)
        return {"parked": _OK if total == 0 else f"ok ({total} streams parked: python -m deploy parked)"}

    def _run_in_background(self) -> None:
        resources = self.resources
        self._start("log", resources.log.run)
        for name, projector in self.views.projectors.items():
            self._start(f"view {name}", projector.run)
        for source, reactor in self.views.reactors.items():
            self._start(f"reactions to {source}", reactor.run)
        if self.wired.timers:
            keeper = Timekeeper(resources.pool, resources.store, self.wired.timers, resources.clock)
            self._start("timers", keeper.run)
        for companion in self._companions:
            self._start(companion.name, companion.run)
        self._start("signed heads", self._signer.run)
        self._start("key pruning", self._prune)
        self._start("metrics", self._observe)

    def _start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(_kept_running(f"{self.name}: {name}", run), name=name))

    async def _prune(self) -> None:
        while True:
            while await self.resources.pool.fetchval("select log.prune_commands(interval '7 days', $1)", PRUNE_AT_ONCE):
                pass
            await asyncio.sleep(PRUNE_SECONDS)

    async def _observe(self) -> None:
        while True:
            await asyncio.sleep(OBSERVE_SECONDS)  # first, for another service's log may not be connected yet
            for name, projector in self.views.projectors.items():
                for source in projector.positions:
                    lag = projector.lag(source, await self._logs[source].heads())
                    metrics.PROJECTION_LAG.labels(f"{self.name}.{name}", source).set(lag)

    async def _stop(self) -> None:
        """What waits is written, the last heads are signed; a database that is away doesn't hold the process."""
        await self.resources.store.appender.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            if left:
                _log.warning("left as they are", parts=[task.get_name() for task in left])
        try:
            await asyncio.wait_for(self._signer.sign(), STOP_SECONDS)
        except (SuyuanError, OSError, TimeoutError) as error:
            _log.warning("heads not signed at the end", why=str(error))
        for companion in self._companions:
            await companion.close()
        for pool in (self.resources.asking, self.resources.derived, self.resources.pool):
            await _closed(pool)


async def _kept_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A background part that fails is started again, and the failure is in the log with its reason."""
    while True:
        try:
            await run()
        except (StoreError, HeadsUnreadable) as error:
            _log.warning("background part waits", part=name, why=str(error))
        except Exception:  # noqa: BLE001 - whatever it is: said, and begun again
            _log.exception("background part failed, starts again", part=name)
        await back_off(RESTART_SECONDS)


async def _closed(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), STOP_SECONDS)
    except TimeoutError:
        pool.terminate()


def migrations_of(service: str) -> Path:
    """Where a service's own migrations are."""
    return Path(__file__).parents[2] / "services" / service / "migrations"
