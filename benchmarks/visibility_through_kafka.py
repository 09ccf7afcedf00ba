"""From the append's call to its row in another service's read model: relay, broker and consumer between them.

The other service has a process of its own (benchmarks/reader.py), as in production; both clocks are the machine's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.broker import broker, lacking, made, of_its_own
from benchmarks.commands import command, prepared
from benchmarks.rig import Rig, Rows, Service, alone, quantile, skipped
from benchmarks.visibility import LEAST_SECONDS
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings

RATES = (100, 500, 2000)
WARM = 500
GOALS = {"p50": (0.5, 10.0), "p99": (0.99, 40.0)}
SETTLED_SECONDS = 2.0

Move = tuple[float, int]
"""When the reader had come to which position."""


def _name(rate: int, which: str) -> str:
    return f"append → visible through Kafka, {rate:,}/s, {which}"


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {_name(r, w): skipped(f"<= {goal:g} ms", "ms", why) for r in RATES for w, (_, goal) in GOALS.items()}
    rows: Rows = {}
    async with broker(rig) as kafka:
        for rate in (WARM, *RATES):
            async with rig.service() as service, rig.service() as other:
                taken = await _measured(service, other, of_its_own(kafka), rate, rig.seconds)
            note = f"{rate:,} commands/s, from the call of append; {len(taken):,} commands; two processes"
            rows |= {  # the first time's are replaced: the broker's own code is compiled by then
                _name(rate, which): alone(quantile(taken, q), unit="ms", sense="<=", goal=goal, note=note)
                for which, (q, goal) in GOALS.items()
            }
    return rows


async def _measured(
    service: Service, other: Service, settings: KafkaSettings, rate: int, seconds: float
) -> list[float]:
    """Milliseconds that each command took to be seen; the first half second is left out."""
    await made(settings)
    relay = Relay(service.pool, service.log, settings, Gate())
    await relay.prepare()
    running = [asyncio.create_task(work()) for work in (service.log.run, relay.run)]
    moves: list[Move] = []
    async with _reader(other, settings, moves):
        asked = await _asked(service, rate, seconds)
        await asyncio.sleep(SETTLED_SECONDS)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    positions = [position for _, position in moves]
    assert positions[-1] >= max(position for _, position in asked), "not all was seen"
    return [(moves[bisect_left(positions, position)][0] - start) * 1000 for start, position in asked][rate // 2 :]


async def _asked(service: Service, rate: int, seconds: float) -> list[Move]:
    """When each command was given, and the position it got."""

    async def ask() -> Move:
        start = time.monotonic()
        return start, (await service.store.append(command((prepared(),)))).position

    clock = asyncio.get_running_loop().time
    first, asked = clock(), []
    for nth in range(int(max(seconds, LEAST_SECONDS) * rate)):
        await asyncio.sleep(max(0.0, first + nth / rate - clock()))
        asked.append(asyncio.create_task(ask()))
    return [*await asyncio.gather(*asked)]


@asynccontextmanager
async def _reader(other: Service, settings: KafkaSettings, moves: list[Move]) -> AsyncIterator[None]:
    """`moves` is filled when the body ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.reader", stdin=PIPE, stdout=PIPE, limit=1 << 26
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = {"dsn": dict(other.dsn), "kafka": settings.model_dump(mode="json", exclude_none=True)}
    process.stdin.write(json.dumps(told).encode() + b"\n")
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield
        process.stdin.close()
        moves += [(at, position) for at, position in json.loads(await process.stdout.readline())]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
