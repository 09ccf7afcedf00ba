"""How the system is made to fail: SIGKILL at a named failpoint, to the server, to Postgres, to one backend."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster, serves, serving, wait_until
from shared.adapters.failpoints import FAILPOINTS

PUBLISHING: frozenset[str] = frozenset({"before-produce", "after-produce-before-checkpoint"})
FAULTS = (*(one for one in FAILPOINTS if one not in PUBLISHING), "server", "postgres", "backend", "polite-stop")
DISTRIBUTED = (*FAULTS, *sorted(PUBLISHING), "service", "broker")
AT_THE_END = "before-head-signing"
"""Heads are signed every minute, and when the server ends: then this one is met."""
OFTEN = 40
SELDOM = 3
COMMON = frozenset(
    {"before-append", "after-append-before-answer", "before-projection-commit", "after-projection-commit"}
)
CRASH_SECONDS = 10.0
READY_SECONDS = 60.0
LOOK_SECONDS = 0.1


FAILPOINT = "SUYUAN_FAILPOINT"


def deck(chance: random.Random, faults: Sequence[str]) -> Iterator[str]:
    """Every fault once, in random order, then all again."""
    while True:
        yield from chance.sample(faults, len(faults))


async def inflict(server: Child, fault: str, chance: random.Random) -> str:
    """Make it happen while clients write; what was done, in one word. The server may be dead afterwards."""
    if fault in FAILPOINTS:
        return await _die_at(server, fault, chance)
    if fault == "server":
        server.kill()
    elif fault in ("service", "broker"):
        return _kill_one(server, fault, chance)
    elif fault == "polite-stop":
        await asyncio.to_thread(server.stop)
    else:
        return _kill_postgres(server.folder / "postgres" / "data", fault, chance)
    return fault


async def revived(server: Child) -> None:
    """A server without failpoint that answers, all of it."""
    if server.environment.pop(FAILPOINT, None) is not None and server.kafka:
        server.kill()  # its supervisor would start the services with the failpoint again
    if not server.is_running:
        await asyncio.to_thread(server.start)
    elif server.kafka:
        await _answering(server.url)


async def _answering(url: str) -> None:
    """The supervisor has started what was killed. Raises TimeoutError."""
    async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient(base_url=url) as client:
        while (await client.get("/health/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_SECONDS)


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
    if server.kafka:
        return order if await wait_until(lambda: _has_lost_a_service(server), CRASH_SECONDS) else f"{order} (not met)"
    if await wait_until(lambda: not server.is_running, CRASH_SECONDS):
        return order if _was_killed(server) else f"{order} (not met)"
    server.kill()
    return f"{order} (not met)"


def _has_lost_a_service(server: Child) -> bool:
    """Whether the supervisor tells of one that died as by kill -9."""
    return any("service ended" in line and f'"exit_code": {-signal.SIGKILL}' in line for line in server.said)


def _kill_one(server: Child, fault: str, chance: random.Random) -> str:
    """A process that the supervisor started, and will start again: one of the services, or the broker."""
    mark = b"\0serve\0" if fault == "service" else b"kafka.Kafka"
    pids = [pid for pid in _children(server) if mark in _command(pid)]
    if not pids:
        return f"{fault} (not running)"
    os.kill(chance.choice(pids), signal.SIGKILL)
    return fault


def _children(server: Child) -> list[int]:
    if server.process is None:
        return []
    try:
        words = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in words.split()]


def _was_killed(server: Child) -> bool:
    return server.process is not None and server.process.poll() == -signal.SIGKILL


def _kill_postgres(data: Path, fault: str, chance: random.Random) -> str:
    """Only what works in this very data folder: the postmaster, or a child of it that serves a client."""
    postmaster = Postmaster.of(data)
    if postmaster is None or not serves(postmaster.pid, data):
        return f"{fault} (not running)"
    pids = [postmaster.pid]
    if fault == "backend":
        pids = [pid for pid in serving(data) if b"suyuan_" in _command(pid)] or pids
    os.kill(chance.choice(pids), signal.SIGKILL)
    return fault


def _command(pid: int) -> bytes:
    """A program's words, each ended by a zero. A backend calls itself `postgres: <user> <database> …`."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
