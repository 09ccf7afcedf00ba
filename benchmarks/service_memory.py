"""Memory of each service's process where each has one: idle, and after registrations as fast as they are taken."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from benchmarks.broker import lacking
from benchmarks.http import load
from benchmarks.rig import TENANT, Rig, Row, Rows, alone, skipped
from benchmarks.system import Started, started
from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.kernel.clock import system_clock

IDLE = "memory of a service's process, idle"
LOADED = "memory of a service's process, under load"
SETTLED_SECONDS = 10.0
LOOK_SECONDS = 0.5


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {name: skipped("<= 150 MiB", "MiB", why) for name in (IDLE, LOADED)}
    folder = rig.folder / "distributed"
    async with started(folder, "--kafka") as system:
        await asyncio.sleep(SETTLED_SECONDS)
        idle = system.resident_services()
        token = LocalIssuer(embedded_settings(folder), system_clock).token(["service_agent"], tenant=TENANT)
        watching = asyncio.create_task(_most(system, peaks := dict(idle)))
        port = urlsplit(system.url).port
        assert port is not None
        found = await load(port, {"Authorization": f"Bearer {token}"}, 5 * rig.seconds)
        await asyncio.sleep(SETTLED_SECONDS / 2)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    most = Row(
        ours=max(peaks.values()), reference=max(idle.values()), ratio=None, goal="said", met=True, unit="MiB",
        note=f"{found['rate']:.0f} registrations/s through the gateway for {5 * rig.seconds:.0f} s; {_told(peaks)}",
    )  # fmt: skip
    note = f"resident size, the largest of four: {_told(idle)}"
    return {IDLE: alone(max(idle.values()), unit="MiB", sense="<=", goal=150, note=note), LOADED: most}


async def _most(system: Started, peaks: dict[str, float]) -> None:
    while True:
        for service, size in system.resident_services().items():
            peaks[service] = max(size, peaks.get(service, 0.0))
        await asyncio.sleep(LOOK_SECONDS)


def _told(sizes: dict[str, float]) -> str:
    return ", ".join(f"{service} {size:.0f}" for service, size in sorted(sizes.items()))
