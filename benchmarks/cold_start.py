"""From the command line to the first answer, on a folder that is there already."""

from __future__ import annotations

from benchmarks.rig import TURNS, Rig, Rows, alone, quantile, skipped
from benchmarks.system import missing, started

NAME = "embedded cold start, data folder present"


async def measure(rig: Rig) -> Rows:
    if lacking := missing():
        return {NAME: skipped("<= 5 s", "s", f"services without a main yet: {', '.join(lacking)}")}
    folder = rig.folder / "cold"
    async with started(folder) as first:
        making = first.seconds
    taken = []
    for _ in range(TURNS):
        async with started(folder) as again:
            taken.append(again.seconds)
    note = f"process start to ready, median of {TURNS}; {making:.1f} s with a new folder"
    return {NAME: alone(quantile(taken, 0.5), unit="s", sense="<=", goal=5, note=note)}
