"""The bare reference: a table with the event table's columns and indexes and nothing else, asked by asyncpg."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import asyncpg

from benchmarks.commands import EVENT
from benchmarks.rig import TENANT, rate
from deploy.embedded.postgres import ConnectArgs
from shared.kernel.ids import new_id

_MAKE = """
create sequence if not exists place;
create table event (
    tenant text not null, position bigint not null, stream text not null, version integer not null,
    recorded_at timestamptz not null, type text not null, hash bytea not null, meta bytea not null, data bytea not null,
    primary key (tenant, position), unique (tenant, stream, version))"""
_ONE = "insert into event values ($1, nextval('place'), $2, 1, now(), $3, $4, $5, $6)"
_MANY = """
insert into event select $1, nextval('place'), s, 1, now(), t, h, m, d
from unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[]) u(s, t, h, m, d)"""
_HASH = os.urandom(32)
AT_ONCE = 1000


async def make(dsn: ConnectArgs) -> None:
    connection = await asyncpg.connect(**dsn)
    await connection.execute(_MAKE)
    await connection.close()


def _values() -> tuple[str, str, str, bytes, bytes, bytes]:
    return TENANT, f"complaint-{new_id()}", EVENT.type, _HASH, EVENT.meta, EVENT.data


async def inserts(dsn: ConnectArgs, connections: int, seconds: float) -> float:
    """Committed one-row INSERTs a second over that many connections, each with its prepared statement."""
    made = await asyncio.gather(*(asyncpg.connect(**dsn) for _ in range(connections)))
    statements = [await connection.prepare(_ONE) for connection in made]

    async def work(going_on: Callable[[], bool]) -> int:
        statement, done = statements.pop(), 0
        while going_on():
            await statement.fetch(*_values())
            done += 1
        return done

    found = await rate(seconds, connections, work)
    await asyncio.gather(*(connection.close() for connection in made))
    return found


async def latencies(dsn: ConnectArgs, seconds: float) -> list[float]:
    """Seconds of each INSERT of one connection."""
    connection = await asyncpg.connect(**dsn)
    statement = await connection.prepare(_ONE)
    taken, end = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        await statement.fetch(*_values())
        taken.append(time.perf_counter() - start)
    await connection.close()
    return taken


async def unnested(dsn: ConnectArgs, seconds: float) -> float:
    """Rows a second of `unnest` inserts of 1,000 rows each, one after the other."""
    connection = await asyncpg.connect(**dsn)
    statement = await connection.prepare(_MANY)

    async def work(going_on: Callable[[], bool]) -> int:
        done = 0
        while going_on():
            columns = zip(*(_values()[1:] for _ in range(AT_ONCE)), strict=True)
            await statement.fetch(TENANT, *(list(column) for column in columns))
            done += AT_ONCE
        return done

    found = await rate(seconds, 1, work)
    await connection.close()
    return found
