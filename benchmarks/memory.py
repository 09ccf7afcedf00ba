"""Memory of the embedded process, idle; and what a capture of facts adds, by two sizes: bounded means the same."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import psutil

from benchmarks import facts
from benchmarks.rig import Rig, Row, Rows, Service, alone, skipped
from benchmarks.system import MIB, missing, started

IDLE = "memory of the embedded process, idle"
SETTLED_SECONDS = 5.0
FILES = (20_000, 200_000)
GROWTH_ALLOWED = 48.0
"""MiB that ten times the rows may take more: rows go through in chunks."""


async def measure(rig: Rig) -> Rows:
    return await _idle(rig) | await _importing(rig)


async def _idle(rig: Rig) -> Rows:
    if lacking := missing():
        return {IDLE: skipped("<= 300 MiB", "MiB", f"services without a main yet: {', '.join(lacking)}")}
    async with started(rig.folder / "cold") as system:
        await asyncio.sleep(SETTLED_SECONDS)
        note = f"resident size of Python; Postgres beside it {system.resident_postgres():.0f} MiB"
        return {IDLE: alone(system.resident(), unit="MiB", sense="<=", goal=300, note=note)}


async def _importing(rig: Rig) -> Rows:
    async with rig.service("investigation") as service:
        await _peak(service, 0, 1_000)
        small, large = [await _peak(service, turn, rows) for turn, rows in enumerate(FILES, start=1)]
    row = Row(
        ours=large,
        reference=small,
        ratio=None,
        goal=f"bounded: <= {GROWTH_ALLOWED:g} MiB more for ten times the rows",
        met=large - small <= GROWTH_ALLOWED,
        unit="MiB",
        note=f"growth of the process while capturing {FILES[1]:,} rows, reference {FILES[0]:,} rows",
    )
    return {"memory, importing facts": row}


async def _peak(service: Service, turn: int, rows: int) -> float:
    """MiB by which the process grew at most while it captured; the file lies on disk, as an upload does."""
    process = psutil.Process(os.getpid())
    before: int = process.memory_info().rss
    peak = before

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    await facts.captured(service, turn, rows)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return (peak - before) / MIB
