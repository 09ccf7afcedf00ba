"""The ground every measurement stands on: one embedded Postgres on a throwaway folder, and a row for what came out.

Ours and its reference take turns on that one Postgres, so that what else the machine does hits both; the figure of a
row is the median over the turns.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal, TypedDict

import asyncpg

from deploy.embedded.databases import ensure_service_database
from deploy.embedded.postgres import SUPERUSER, ConnectArgs, EmbeddedPostgres
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.event_store import PostgresStore
from shared.adapters.postgres.log import PostgresLog
from shared.adapters.postgres.migrate import migrate
from shared.adapters.runtime import migrations_of

TENANT = "bench"
TURNS = 3

_numbers = itertools.count(1)


class Row(TypedDict):
    """One line of results.json. `ours` and `reference` are in `unit`; `met` is None where nothing was measured."""

    ours: float | None
    reference: float | None
    ratio: float | None
    goal: str
    met: bool | None
    unit: str
    note: str


Rows = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Service:
    """One service's database, as its runtime sees it: pools, log and store as production makes them."""

    dsn: ConnectArgs
    owner: ConnectArgs
    pool: asyncpg.Pool
    derived: asyncpg.Pool
    log: PostgresLog
    store: PostgresStore


@dataclass(frozen=True, slots=True)
class Rig:
    """`seconds` is how long one turn of one measurement lasts."""

    postgres: EmbeddedPostgres
    folder: Path
    seconds: float

    @asynccontextmanager
    async def service(self, name: str = "intake") -> AsyncIterator[Service]:
        """A fresh, migrated database of that service, dropped afterwards."""
        made = await ensure_service_database(self.postgres, name, database=f"bench_{next(_numbers)}")
        owner = await asyncpg.connect(**made.owner)
        await migrate(owner, made.runtime["user"], migrations_of(name))
        await owner.close()
        pool = await open_pool(dict(made.runtime), least=2, most=12)
        derived = await open_pool(dict(made.runtime), least=1, most=6, derived=True)
        log = PostgresLog(name, pool)
        try:
            yield Service(made.runtime, made.owner, pool, derived, log, PostgresStore(pool, log))
        finally:
            pool.terminate()  # closing would wait for what a failed measurement left open
            derived.terminate()
            await self._drop(made.name)

    @asynccontextmanager
    async def plain_database(self) -> AsyncIterator[ConnectArgs]:
        """An empty database for a reference, as its superuser; dropped afterwards."""
        name = f"bench_{next(_numbers)}"
        server = await asyncpg.connect(**self.postgres.dsn("postgres", SUPERUSER))
        await server.execute(f"create database {name}")
        await server.close()
        try:
            yield self.postgres.dsn(name, SUPERUSER)
        finally:
            await self._drop(name)

    async def _drop(self, name: str) -> None:
        server = await asyncpg.connect(**self.postgres.dsn("postgres", SUPERUSER))
        await server.execute(f"drop database if exists {name} with (force)")
        await server.close()


@asynccontextmanager
async def rig(seconds: float) -> AsyncIterator[Rig]:
    folder = Path(tempfile.mkdtemp(prefix="suyuan-bench-"))
    try:
        async with EmbeddedPostgres(folder / "postgres") as postgres:
            yield Rig(postgres, folder, seconds)
    finally:
        shutil.rmtree(folder)


async def in_turns(*works: Callable[[], Awaitable[float]], turns: int = TURNS) -> list[list[float]]:
    """Each work's figure in each turn; the works of a turn run one after the other."""
    figures: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for work, found in zip(works, figures, strict=True):
            found.append(await work())
    return figures


def beside(
    ours: list[float],
    reference: list[float],
    *,
    unit: str,
    least: float | None = None,
    most: float | None = None,
    note: str = "",
) -> Row:
    """Ours over the reference (`least`, for rates) or times the reference (`most`, for durations): medians of turns."""
    ratio = median(a / b for a, b in zip(ours, reference, strict=True))
    return Row(
        ours=median(ours),
        reference=median(reference),
        ratio=ratio,
        goal=f">= {least:g}x" if least is not None else f"<= {most:g}x",
        met=(least is None or ratio >= least) and (most is None or ratio <= most),
        unit=unit,
        note=note,
    )


def alone(figure: float, *, unit: str, sense: Literal["<=", ">="], goal: float, note: str = "") -> Row:
    met = figure <= goal if sense == "<=" else figure >= goal
    return Row(ours=figure, reference=None, ratio=None, goal=f"{sense} {goal:g} {unit}", met=met, unit=unit, note=note)


def skipped(goal: str, unit: str, why: str) -> Row:
    return Row(ours=None, reference=None, ratio=None, goal=goal, met=None, unit=unit, note=f"skipped: {why}")


async def rate(seconds: float, count: int, work: Callable[[Callable[[], bool]], Awaitable[int]]) -> float:
    """Units a second of `count` workers that go on until told to stop, each returning how many it did."""
    end = time.perf_counter() + seconds

    def going_on() -> bool:
        return time.perf_counter() < end

    start = time.perf_counter()
    done = await asyncio.gather(*(work(going_on) for _ in range(count)))
    return sum(done) / (time.perf_counter() - start)


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * q))]
