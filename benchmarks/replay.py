"""Replay: every event of a log read from the store and decoded, meta and content, beside the peer's."""

from __future__ import annotations

import asyncio
import time

from benchmarks.commands import History
from benchmarks.peer import PAGE, Complaints, environment, fill, replayed
from benchmarks.rig import TENANT, Rig, Rows, Service, beside, in_turns

HISTORY = History(events=30_000, streams=3_000)


async def _replayed(service: Service) -> float:
    start, after, done = time.perf_counter(), 0, 0
    while page := await service.log.read(TENANT, after, PAGE):
        for recorded in page:
            _ = recorded.meta, recorded.event
        after = page[-1].position
        done += len(page)
    return done / (time.perf_counter() - start)


async def measure(rig: Rig) -> Rows:
    async with rig.service() as service, rig.plain_database() as peers:
        application = await asyncio.to_thread(Complaints, env=environment(peers))
        try:
            await HISTORY.write(service)
            await asyncio.to_thread(fill, application, HISTORY.events)
            mine, theirs = await in_turns(
                lambda: _replayed(service), lambda: asyncio.to_thread(replayed, application), turns=5
            )
        finally:
            application.close()
    note = f"{HISTORY.events:,} events, pages of {PAGE}; reference: select_notifications and mapper.to_domain_event"
    return {"replay, decoded": beside(mine, theirs, unit="events/s", least=1.8, note=note)}
