"""Cycles of writing and killing, each followed by every check."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.chaos.invariants import Findings, check
from deploy.chaos.writers import Journal, Writer
from deploy.embedded.attach import attached
from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster
from deploy.settings import embedded_settings
from shared.adapters.failpoints import FAILPOINTS

WRITERS = 6
TENANT = "demo"
CRASH_SECONDS = 8.0

Progress = Callable[[int, str, Findings], None]
"""Gets the cycle's number, how it was killed, and what was found after it."""


@dataclass(slots=True)
class Outcome:
    cycles: int = 0
    acknowledged: int = 0
    findings: Findings = field(default_factory=Findings)


async def run(folder: Path, cycles: int, seed: int, progress: Progress) -> Outcome:
    """Stops at the first harm: the folder then shows it."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible story, no secret
    journal, outcome = Journal(), Outcome()
    server = Child(folder, port=_free_port())
    try:
        for cycle in range(1, cycles + 1):
            how = chance.choice([*FAILPOINTS[:6], "after-blob-before-append", "server", "postgres", "backend"])
            await _cycle(server, journal, how, chance)
            async with attached(embedded_settings(folder)) as runtimes:
                outcome.findings = await check(runtimes, TENANT, journal.acknowledged)
            outcome.cycles, outcome.acknowledged = cycle, len(journal.acknowledged)
            progress(cycle, how, outcome.findings)
            if outcome.findings.harmed:
                break
    finally:
        await asyncio.to_thread(server.stop)
    return outcome


async def _cycle(server: Child, journal: Journal, how: str, chance: random.Random) -> None:
    """Write, kill in one way, start again, let every writer come to its answer."""
    server.environment = {"SUYUAN_FAILPOINT": f"{how}:{chance.randint(1, 40)}"} if how in FAILPOINTS else {}
    if how in FAILPOINTS and server.is_running:
        await asyncio.to_thread(server.stop)
    if not server.is_running:
        await asyncio.to_thread(server.start)
    token = server.token("admin")
    stop = asyncio.Event()
    writers = [Writer(server.url, token, journal, chance.randrange(2**32)) for _ in range(WRITERS)]
    writing = [asyncio.create_task(writer.write(stop)) for writer in writers]
    await asyncio.sleep(chance.uniform(0.2, 1.2))
    await _kill(server, how)
    if not server.is_running:
        server.environment = {}
        await asyncio.to_thread(server.start)
    await asyncio.sleep(chance.uniform(0.1, 0.5))
    stop.set()
    await asyncio.gather(*writing)


async def _kill(server: Child, how: str) -> None:
    if how in FAILPOINTS:
        deadline = time.monotonic() + CRASH_SECONDS
        while server.is_running and time.monotonic() < deadline:  # noqa: ASYNC110 - a process offers no event
            await asyncio.sleep(0.02)
        if server.is_running:  # it never came there
            server.kill()
    elif how == "server":
        server.kill()
    else:
        data = server.folder / "postgres" / "data"
        postmaster = Postmaster.of(data)
        if postmaster is not None:
            _kill_postgres(postmaster.pid, data, one_backend=how == "backend")


def _kill_postgres(postmaster: int, data: Path, *, one_backend: bool) -> None:
    """Only what works in this very folder: the postmaster itself, or one of its children that serves a client."""
    if not one_backend:
        os.kill(postmaster, signal.SIGKILL)
        return
    for children in Path(f"/proc/{postmaster}/task/{postmaster}").glob("children"):
        for pid in children.read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"suyuan_intake" in words and Path(f"/proc/{pid}/cwd").samefile(data):
                os.kill(int(pid), signal.SIGKILL)
                return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
