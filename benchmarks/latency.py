"""One caller's append, from the call to its answer, beside one connection's INSERT."""

from __future__ import annotations

import time

from benchmarks import raw
from benchmarks.commands import EVENT, command
from benchmarks.rig import Rig, Rows, Service, beside, in_turns, quantile


async def _latencies(service: Service, seconds: float) -> list[float]:
    taken, end = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        await service.store.append(command((EVENT,)))
        taken.append(time.perf_counter() - start)
    return taken


async def measure(rig: Rig) -> Rows:
    tail: list[float] = []

    async def ours() -> float:
        taken = await _latencies(service, rig.seconds)
        tail.append(quantile(taken, 0.99) * 1000)
        return quantile(taken, 0.5) * 1000

    async def reference() -> float:
        return quantile(await raw.latencies(bare, rig.seconds), 0.5) * 1000

    async with rig.service() as service, rig.plain_database() as bare:
        await raw.make(bare)
        mine, theirs = await in_turns(ours, reference)
    note = f"median of one caller; p99 {quantile(tail, 0.5):.2f} ms; reference: one connection's INSERT"
    return {"append latency, one caller": beside(mine, theirs, unit="ms", most=1.8, note=note)}
