"""From the append's call to its row being there to read, at 500 commands a second that don't wait for each other."""

from __future__ import annotations

import asyncio
import time

from benchmarks.commands import command, prepared
from benchmarks.projection import model
from benchmarks.rig import TENANT, Rig, Rows, Service, alone, quantile
from shared.adapters.postgres.projector import Projector

EACH_SECOND = 500
PATIENCE = 5.0
LEAST_SECONDS = 12.0
"""Postgres makes a new WAL file every ten seconds or so at this rate: a shorter run is ruled by one such pause."""


async def _seen(service: Service, projector: Projector) -> float:
    start = time.perf_counter()
    request = command((prepared(),))
    appended = await service.store.append(request)
    assert await projector.wait("intake", TENANT, appended.position, PATIENCE), "not visible in time"
    return time.perf_counter() - start


async def at_a_rate(service: Service, projector: Projector, each_second: int, seconds: float) -> list[float]:
    """Milliseconds that each command took to be seen; the first half second is left out."""
    clock = asyncio.get_running_loop().time
    first, asked = clock(), []
    for nth in range(int(max(seconds, LEAST_SECONDS) * each_second)):
        await asyncio.sleep(max(0.0, first + nth / each_second - clock()))
        asked.append(asyncio.create_task(_seen(service, projector)))
    return [taken * 1000 for taken in await asyncio.gather(*asked)][each_second // 2 :]


async def measure(rig: Rig) -> Rows:
    async with rig.service() as service:
        projector = Projector(service.derived, model(), {"intake": service.log})
        await projector.start()
        following = [asyncio.create_task(projector.run()), asyncio.create_task(service.log.run())]
        taken = await at_a_rate(service, projector, EACH_SECOND, rig.seconds)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    note = f"{EACH_SECOND} commands/s, from the call of append; {len(taken):,} commands"
    return {
        "append → visible, p50": alone(quantile(taken, 0.5), unit="ms", sense="<=", goal=5, note=note),
        "append → visible, p99": alone(quantile(taken, 0.99), unit="ms", sense="<=", goal=25, note=note),
    }
