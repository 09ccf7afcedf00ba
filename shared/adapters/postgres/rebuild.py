"""Blue/green: a read model built anew beside the live one, compared at one frozen position, then shown in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from shared.adapters.postgres.projector import BATCH, apply, lock
from shared.adapters.postgres.read_table import ReadTable, begin
from shared.kernel.errors import SuyuanError
from shared.kernel.ports import EventLog
from shared.kernel.readmodel import ReadModel

_BOTH = """
select source, tenant, coalesce(l.position, 0) live, coalesce(n.position, 0) built
from (select * from log.checkpoint where consumer = $1) l
full join (select * from log.checkpoint where consumer = $2) n using (source, tenant)"""
"""A tenant that either table has not begun is at position 0 there."""

Progress = Callable[[int, int], None]
"""Gets how many events are applied, and how many there are."""


@dataclass(eq=False, kw_only=True)
class RebuildDiffers(SuyuanError):
    """The new table isn't the live one; the live one stays. A person looks why, and may accept the difference."""

    zh: ClassVar[str] = "重建的 {model} 与现有的不同：{missing} 行缺失或不同，{extra} 行多出或不同；未切换"
    en: ClassVar[str] = (
        "The rebuilt {model} differs from the live one: {missing} rows lack or differ, {extra} are extra; not switched"
    )
    model: str
    missing: int
    extra: int


@dataclass(eq=False, kw_only=True)
class RebuildParked(SuyuanError):
    """The rebuild parked streams that the live table hasn't parked; the live one stays."""

    zh: ClassVar[str] = "重建 {model} 时有 {streams} 个流无法应用；未切换"
    en: ClassVar[str] = "{streams} streams could not be applied while rebuilding {model}; not switched"
    model: str
    streams: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    model: str
    generation: int
    events: int


async def rebuild(
    pool: asyncpg.Pool,
    model: ReadModel,
    logs: Mapping[str, EventLog],
    progress: Progress,
    *,
    accept_differences: bool = False,
) -> Rebuilt:
    """Build, catch up while live traffic goes on, compare, switch. The replaced table stays for a rollback.

    Raises RebuildDiffers and RebuildParked; the new table is dropped then.
    """
    async with pool.acquire() as connection:
        shown = await connection.fetchval("select shown from log.read_model where name = $1", model.name)
        old = ReadTable(model, shown)
        async with connection.transaction():
            new = await begin(connection, model)
        try:
            events = await _catch_up(connection, new, logs, progress)
            async with connection.transaction():
                await lock(connection, model.name)
                events += await _follow_exactly(connection, old, new, logs)
                await _refuse_new_parks(connection, old, new)
                if not accept_differences:
                    await _refuse_differences(connection, old, new)
                await new.show(connection)
        except BaseException:
            await new.drop(connection)
            raise
    return Rebuilt(model.name, new.generation, events)


async def roll_back(pool: asyncpg.Pool, model: ReadModel, generation: int) -> None:
    """Show an earlier generation again; live events go on from its own checkpoint."""
    async with pool.acquire() as connection, connection.transaction():
        await lock(connection, model.name)
        await ReadTable(model, generation).show(connection)


async def _catch_up(
    connection: asyncpg.Connection, new: ReadTable, logs: Mapping[str, EventLog], progress: Progress
) -> int:
    heads = {(s, t): head for s in sorted(new.model.sources) for t, head in (await logs[s].heads()).items()}
    total, done = sum(heads.values()), 0
    positions = dict.fromkeys(heads, 0)
    while positions:  # a batch of each tenant in turn, so that all go through the log together
        for (source, tenant), position in list(positions.items()):
            left = heads[source, tenant] - position
            batch = await logs[source].read(tenant, position, min(BATCH, left))
            async with connection.transaction():
                await apply(connection, new, source, tenant, position, batch)
            positions[source, tenant] = batch[-1].position
            if left == len(batch):
                del positions[source, tenant]
            done += len(batch)
            progress(done, total)
    return done


async def _follow_exactly(
    connection: asyncpg.Connection, old: ReadTable, new: ReadTable, logs: Mapping[str, EventLog]
) -> int:
    """With the model locked: bring the new table to precisely where the live one is."""
    done = 0
    for row in await connection.fetch(_BOTH, old.consumer, new.consumer):
        position: int = row["built"]
        while position < row["live"]:
            batch = await logs[row["source"]].read(row["tenant"], position, min(BATCH, row["live"] - position))
            await apply(connection, new, row["source"], row["tenant"], position, batch)
            position = batch[-1].position
            done += len(batch)
        if position > row["live"]:
            done += await _let_live_catch_up(connection, old, logs[row["source"]], row["tenant"], row["live"], position)
    return done


async def _let_live_catch_up(
    connection: asyncpg.Connection, old: ReadTable, log: EventLog, tenant: str, live: int, built: int
) -> int:
    """The live table was behind: both must stand at one position to be compared."""
    while live < built:
        batch = await log.read(tenant, live, min(BATCH, built - live))
        await apply(connection, old, log.service, tenant, live, batch)
        live = batch[-1].position
    return 0


async def _refuse_new_parks(connection: asyncpg.Connection, old: ReadTable, new: ReadTable) -> None:
    streams = await connection.fetchval(
        "select count(*) from (select tenant, stream from log.parked where consumer = $2"
        " except select tenant, stream from log.parked where consumer = $1) p",
        old.consumer,
        new.consumer,
    )
    if streams:
        raise RebuildParked(model=new.model.name, streams=streams)


async def _refuse_differences(connection: asyncpg.Connection, old: ReadTable, new: ReadTable) -> None:
    count = "select count(*) from (select * from {} except select * from {}) d"
    missing = await connection.fetchval(count.format(old.name, new.name))
    extra = await connection.fetchval(count.format(new.name, old.name))
    if missing or extra:
        raise RebuildDiffers(model=new.model.name, missing=missing, extra=extra)
