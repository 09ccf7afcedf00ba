"""Runs reactions: each event of a source's log becomes the commands of the rules that name its type, in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
import structlog

from shared.adapters import metrics
from shared.adapters.failpoints import failpoint
from shared.adapters.postgres.connection import BROKEN
from shared.adapters.telemetry import span
from shared.kernel.clock import Clock
from shared.kernel.errors import LogError, StoreError, UnknownEvent
from shared.kernel.ports import EventLog, EventStore
from shared.kernel.reacting import ReactionRule, trigger
from shared.kernel.recorded import Recorded

BATCH = 200
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.5
_NEVER = 2**62

_log = structlog.get_logger("reactor")

_CHECKPOINTS = "select tenant, position from log.checkpoint where consumer = $1 and source = $2"
_MOVE = """
insert into log.checkpoint as c (consumer, source, tenant, position, place) values ($1, $2, $3, $4, $5)
on conflict (consumer, source, tenant) do update set position = excluded.position, place = excluded.place
where c.position < excluded.position"""
_PARK = """
insert into log.parked (consumer, source, tenant, stream, position, error) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing"""
_PARKED = "select stream from log.parked where consumer = $1 and source = $2 and tenant = $3"


class Reactor:
    """All rules of one service about one source."""

    def __init__(
        self, pool: asyncpg.Pool, store: EventStore, log: EventLog, rules: Sequence[ReactionRule], clock: Clock
    ) -> None:
        self.consumer = f"reactions to {log.service}"
        self._pool = pool
        self._store = store
        self._log = log
        self._rules: Mapping[str, list[ReactionRule]] = _by_type(rules)
        self._clock = clock
        self._moved = asyncio.Condition()
        self.positions: dict[str, int] = {}
        self.halted: dict[str, LogError] = {}

    @property
    def source(self) -> str:
        return self._log.service

    async def start(self) -> None:
        for row in await self._pool.fetch(_CHECKPOINTS, self.consumer, self.source):
            self.positions[row["tenant"]] = row["position"]

    async def run(self) -> None:
        while True:
            seen = self.positions | dict.fromkeys(self.halted, _NEVER)
            ahead = await self._log.changed(seen, PATIENCE_SECONDS)
            try:
                for tenant in ahead:  # a batch each, so that all go through the log together
                    await self.advance(tenant)
            except Exception as error:
                if not isinstance(error, (*BROKEN, StoreError)):
                    raise
                await asyncio.sleep(RETRY_SECONDS)

    async def wait(self, tenant: str, position: int, patience: float) -> bool:
        """Whether every reaction up to that position of the source's log is done within `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self._moved:
                await self._moved.wait_for(lambda: self.positions.get(tenant, 0) >= position)
        except TimeoutError:
            return False
        return True

    async def advance(self, tenant: str) -> int:
        """React to the next batch of one tenant's log; how many events it had (0: nothing new, or halted)."""
        after = self.positions.get(tenant, 0)
        batch = await self._log.read(tenant, after, BATCH)
        if not batch:
            return 0
        parked = {row["stream"] for row in await self._pool.fetch(_PARKED, self.consumer, self.source, tenant)}
        done = 0
        for recorded in batch:
            if not await self._react(recorded, parked):
                break
            done += 1
        if done:
            last = batch[done - 1]
            await self._pool.execute(_MOVE, self.consumer, self.source, tenant, last.position, last.place)
            async with self._moved:
                self.positions[tenant] = last.position
                self._moved.notify_all()
        return done

    async def _react(self, recorded: Recorded, parked: set[str]) -> bool:
        """False where this build doesn't know the event: the tenant's reactions stop before it."""
        meta = recorded.meta
        try:
            _ = recorded.event
        except UnknownEvent as unknown:
            self.halted[meta.tenant] = unknown
            _log.error("reactions halted", source=self.source, tenant=meta.tenant, why=str(unknown))
            return False
        rules = self._rules.get(meta.type, [])
        if not rules:
            return True
        if meta.stream in parked:
            await self._park(recorded, "waits behind an earlier event of its stream")
            return True
        try:
            for rule in rules:
                await self._run(rule, recorded)
        except (*BROKEN, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - a defect in one stream's reaction must not stop the others
            parked.add(meta.stream)
            await self._park(recorded, f"{type(error).__name__}: {error}")
            _log.exception("reaction parked", source=self.source, stream=meta.stream, position=recorded.position)
        return True

    async def _run(self, rule: ReactionRule, recorded: Recorded) -> None:
        for target in await rule.targets(recorded):
            mark = trigger(self._store.service, rule, target, recorded, self._clock())
            cause = recorded.meta.event_id
            if cause in await self._store.reacted(recorded.meta.tenant, mark.reaction.name, [cause]):
                continue
            failpoint("before-reaction")
            with span("react", parent=recorded.meta.traceparent, reaction=rule.name):
                await rule.run(mark, target)
            metrics.REACTIONS.labels(rule.name, "done").inc()
            failpoint("after-reaction-before-checkpoint")

    async def _park(self, recorded: Recorded, why: str) -> None:
        meta = recorded.meta
        await self._pool.execute(_PARK, self.consumer, self.source, meta.tenant, meta.stream, recorded.position, why)


def _by_type(rules: Sequence[ReactionRule]) -> Mapping[str, list[ReactionRule]]:
    found: dict[str, list[ReactionRule]] = {}
    for rule in rules:
        for name in rule.on:
            found.setdefault(name, []).append(rule)
    return found


async def replay(reactor: Reactor, pool: asyncpg.Pool, log: EventLog, tenant: str, stream: str) -> int:
    """React to a parked stream's events again, in order; how many are still parked (0: the stream goes on)."""
    rows = await pool.fetch(
        "select position from log.parked where consumer = $1 and source = $2 and tenant = $3 and stream = $4"
        " order by position",
        reactor.consumer,
        log.service,
        tenant,
        stream,
    )
    left = len(rows)
    for row in rows:
        recorded = (await log.read(tenant, row["position"] - 1, 1))[0]
        parked: set[str] = set()
        await reactor._react(recorded, parked)  # noqa: SLF001 - the reactor's own second half
        if parked:
            break
        left -= 1
        await pool.execute(
            "delete from log.parked where consumer = $1 and source = $2 and tenant = $3 and position = $4",
            reactor.consumer,
            log.service,
            tenant,
            row["position"],
        )
    return left
