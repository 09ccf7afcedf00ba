"""Durable append: commands a second through the group-commit appender, beside the peer and bare INSERTs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from benchmarks import raw
from benchmarks.commands import EVENT, command
from benchmarks.peer import THREADS, Complaints, appends, environment
from benchmarks.rig import TENANT, Rig, Rows, Service, beside, in_turns, rate
from deploy.embedded.postgres import ConnectArgs

CONNECTIONS = 16


async def appended(service: Service, callers: int, events: int, seconds: float) -> float:
    """Events a second of that many callers, each sending its next command when the last is on disk."""
    content = (EVENT,) * events

    async def work(going_on: Callable[[], bool]) -> int:
        done = 0
        while going_on():
            await service.store.append(command(content))
            done += events
        return done

    return await rate(seconds, callers, work)


async def measure(rig: Rig) -> Rows:
    async with rig.service() as service, rig.plain_database() as bare, rig.plain_database() as peers:
        await raw.make(bare)
        application = await asyncio.to_thread(Complaints, env=environment(peers))
        try:
            rows = await _measure(rig, service, application, bare)
        finally:
            application.close()
        await _gapless(service)
    return rows


async def _measure(rig: Rig, service: Service, application: Complaints, bare: ConnectArgs) -> Rows:
    seconds = rig.seconds
    eight, sixteen, inserts, peer, three, unnest = await in_turns(
        lambda: appended(service, 8, 1, seconds),
        lambda: appended(service, 16, 1, seconds),
        lambda: raw.inserts(bare, CONNECTIONS, seconds),
        lambda: asyncio.to_thread(appends, application, seconds),
        lambda: appended(service, 64, 3, seconds),
        lambda: raw.unnested(bare, seconds),
    )
    peer_note = f"eventsourcing 9.5, Postgres functions, {THREADS} threads, insert_events"
    raw_note = f"asyncpg INSERT, {CONNECTIONS} connections, same columns and indexes"
    unit = "events/s"
    return {
        "append, 8 callers, vs eventsourcing": beside(eight, peer, unit=unit, least=3, note=peer_note),
        "append, 16 callers, vs eventsourcing": beside(sixteen, peer, unit=unit, least=3, note=peer_note),
        "append, 8 callers, vs raw INSERT": beside(eight, inserts, unit=unit, least=0.9, note=raw_note),
        "append, 16 callers, vs raw INSERT": beside(sixteen, inserts, unit=unit, least=0.9, note=raw_note),
        "append, 3 events a command, 64 callers": beside(
            three, unnest, unit=unit, least=0.5, note=f"insert … select from unnest, {raw.AT_ONCE} rows at once"
        ),
    }


async def _gapless(service: Service) -> None:
    """What was measured is a log: as many positions as events."""
    events, head = await service.pool.fetchrow(
        "select (select count(*) from log.event), (select position from log.head where tenant = $1)", TENANT
    )
    assert events == head, f"{events} events, head at {head}"
