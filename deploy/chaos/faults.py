"""How the system is made to fail: SIGKILL at a named failpoint, to the server, to Postgres, to one backend."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster, serves, serving, wait_until
from shared.adapters.failpoints import FAILPOINTS

FAULTS = (*FAILPOINTS, "server", "postgres", "backend", "polite-stop")
AT_THE_END = "before-head-signing"
"""Heads are signed every minute, and when the server ends: then this one is met."""
OFTEN = 40
SELDOM = 3
COMMON = frozenset(
    {"before-append", "after-append-before-answer", "before-projection-commit", "after-projection-commit"}
)
CRASH_SECONDS = 10.0


FAILPOINT = "SUYUAN_FAILPOINT"


def deck(chance: random.Random) -> Iterator[str]:
    """Every fault once, in random order, then all again."""
    while True:
        yield from chance.sample(FAULTS, len(FAULTS))


async def inflict(server: Child, fault: str, chance: random.Random) -> str:
    """Make it happen while clients write; what was done, in one word. The server may be dead afterwards."""
    if fault in FAILPOINTS:
        return await _die_at(server, fault, chance)
    if fault == "server":
        server.kill()
    elif fault == "polite-stop":
        await asyncio.to_thread(server.stop)
    else:
        return _kill_postgres(server.folder / "postgres" / "data", fault, chance)
    return fault


async def revived(server: Child) -> None:
    """A server without failpoint that answers."""
    server.environment.pop(FAILPOINT, None)
    if not server.is_running:
        await asyncio.to_thread(server.start)


async def _die_at(server: Child, failpoint: str, chance: random.Random) -> str:
    """Killed as it is, started with the failpoint armed, written to until it is met: two crashes."""
    server.kill()
    order = f"{failpoint}:{chance.randint(1, OFTEN if failpoint in COMMON else SELDOM)}"
    server.environment[FAILPOINT] = order
    try:
        await asyncio.to_thread(server.start)
    except RuntimeError:  # met while starting: consumers go to work at once
        if not _was_killed(server):
            raise
        return order
    if failpoint == AT_THE_END:
        await asyncio.sleep(chance.uniform(0.3, 1))
        await asyncio.to_thread(server.stop)
    if await wait_until(lambda: not server.is_running, CRASH_SECONDS):
        return order if _was_killed(server) else f"{order} (not met)"
    server.kill()
    return f"{order} (not met)"


def _was_killed(server: Child) -> bool:
    return server.process is not None and server.process.poll() == -signal.SIGKILL


def _kill_postgres(data: Path, fault: str, chance: random.Random) -> str:
    """Only what works in this very data folder: the postmaster, or a child of it that serves a client."""
    postmaster = Postmaster.of(data)
    if postmaster is None or not serves(postmaster.pid, data):
        return f"{fault} (not running)"
    pids = [postmaster.pid]
    if fault == "backend":
        pids = [pid for pid in serving(data) if b"suyuan_" in _title(pid)] or pids
    os.kill(chance.choice(pids), signal.SIGKILL)
    return fault


def _title(pid: int) -> bytes:
    """A backend calls itself `postgres: <user> <database> …`."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
