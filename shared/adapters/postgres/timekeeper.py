"""Fires due times, once each, also after days of downtime. One active timekeeper a service (advisory lock)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import structlog

from shared.adapters import metrics
from shared.adapters.postgres.connection import BROKEN
from shared.kernel.clock import Clock
from shared.kernel.errors import StoreError
from shared.kernel.ports import EventStore
from shared.kernel.timing import Due, TimerRule, due_context

LOOK_SECONDS = 1.0
BATCH = 500
QUIET_AT_MOST = 10_000

_log = structlog.get_logger("timekeeper")


class Timekeeper:
    """All timers of one service."""

    def __init__(self, pool: asyncpg.Pool, store: EventStore, rules: Sequence[TimerRule], clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._rules = rules
        self._clock = clock
        self._quiet: set[tuple[str, str, str, str]] = set()

    async def run(self) -> None:
        """Wait to become the one, then look every second. A lost connection gives the place to another."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    if await connection.fetchval(
                        "select pg_try_advisory_lock(hashtext($1))", f"timekeeper {self._store.service}"
                    ):
                        while not connection.is_closed():
                            await self.fire_due()
                            await asyncio.sleep(LOOK_SECONDS)
                            await connection.fetchval("select 1")
            except (*BROKEN, StoreError) as error:
                _log.warning("timekeeper waits", why=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def fire_due(self) -> int:
        """Fire everything due now; how many were fired."""
        fired = 0
        for rule in self._rules:
            last: asyncpg.Record | None = None
            while page := await self._due(rule, last):
                for row in page:
                    fired += await self._fire(rule, Due(row["tenant"], row["id"], row["timer"], row["due_at"]))
                last = page[-1]
        return fired

    async def _due(self, rule: TimerRule, after: asyncpg.Record | None) -> list[asyncpg.Record]:
        sql = (
            f'select tenant, id, timer, due_at from read."{rule.model.name}"'  # noqa: S608 - a model's own name
            " where due_at <= $1 and ($2::timestamptz is null or (due_at, tenant, id, timer) > ($2, $3, $4, $5))"
            " order by due_at, tenant, id, timer limit $6"
        )
        place = (after["due_at"], after["tenant"], after["id"], after["timer"]) if after else (None,) * 4
        rows: list[asyncpg.Record] = await self._pool.fetch(sql, self._clock(), *place, BATCH)
        return rows

    async def _fire(self, rule: TimerRule, due: Due) -> int:
        context, reaction = due_context(self._store.service, due, self._clock())
        what = (due.tenant, due.id, due.timer, due.due_at.isoformat())
        if what in self._quiet:
            return 0
        if len(self._quiet) >= QUIET_AT_MOST:  # it only saves a look-up
            self._quiet.clear()
        if not await self._store.reacted(due.tenant, reaction.name, [reaction.causation_id]):
            await rule.run(due, context, reaction)
            metrics.TIMERS_FIRED.labels(due.timer).inc()
            self._quiet.add(what)
            return 1
        self._quiet.add(what)
        return 0
