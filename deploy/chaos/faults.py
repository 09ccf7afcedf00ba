"""How the system is made to fail: SIGKILL at a named failpoint, to the server, to Postgres, to one backend."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from deploy.distributed.child import armed_file
from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster, serves, serving, wait_until
from shared.adapters.failpoints import FAILPOINTS
from shared.contracts.catalogue import SERVICES

PUBLISHING: frozenset[str] = frozenset({"before-produce", "after-produce-before-checkpoint"})
TAKING: frozenset[str] = frozenset({"after-message-before-offset"})
"""Met where other systems send messages, which a run of chaos doesn't: tests/integration/kafka/test_inbound.py does."""
FAULTS = (
    *(one for one in FAILPOINTS if one not in PUBLISHING | TAKING),
    "server",
    "postgres",
    "backend",
    "polite-stop",
)
DISTRIBUTED = (*FAULTS, *sorted(PUBLISHING), "service", "broker")
AT_THE_END = "before-head-signing"
"""Heads are signed every minute, and when the server ends: then this one is met."""
OFTEN = 40
SELDOM = 3
COMMON = frozenset(
    {"before-append", "after-append-before-answer", "before-projection-commit", "after-projection-commit"}
)
CRASH_SECONDS = 10.0
START_SECONDS = 10.0
PLACE = {"capture-after-stage": "investigation", "after-blob-before-append": "intake"}
"""Where what only some services do is met."""
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
    server.environment.pop(FAILPOINT, None)
    if not server.is_running:
        await asyncio.to_thread(server.start)
    elif server.kafka:
        await _answering(server.url)


async def _answering(url: str) -> None:
    """The supervisor has started what was killed. Raises TimeoutError."""
    async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient(base_url=url) as client:
        while not await _is_ready(client):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_SECONDS)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == httpx.codes.OK
    except httpx.HTTPError:  # the port is held while nobody serves it
        return False


async def _die_at(server: Child, failpoint: str, chance: random.Random) -> str:
    """Killed as it is, started with the failpoint armed, written to until it is met: two crashes."""
    order = f"{failpoint}:{chance.randint(1, OFTEN if failpoint in COMMON else SELDOM)}"
    if server.kafka:
        return await _service_dies_at(server, order, chance)
    server.kill()
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


async def _service_dies_at(server: Child, order: str, chance: random.Random) -> str:
    """The same of one service, which its supervisor starts again both times."""
    service = PLACE.get(order.partition(":")[0]) or chance.choice(SERVICES)
    said = f"{order} in {service}"
    pids = [pid for pid in _children(server) if f"\0serve\0{service}\0".encode() in _command(pid)]
    if not pids:
        return f"{said} (not running)"
    file = armed_file(server.folder, service)
    file.parent.mkdir(exist_ok=True)
    file.write_text(order)
    before = _deaths(server, service)
    os.kill(pids[0], signal.SIGKILL)
    met = await wait_until(lambda: _deaths(server, service) >= before + 2, START_SECONDS + CRASH_SECONDS)
    file.unlink(missing_ok=True)
    return said if met else f"{said} (not met)"


def _deaths(server: Child, service: str) -> int:
    """How often the supervisor has told of this service's death as by kill -9."""
    marks = ("service ended", f'"of": "{service}"', f'"exit_code": {-signal.SIGKILL}')
    return sum(all(mark in line for mark in marks) for line in server.said)


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
