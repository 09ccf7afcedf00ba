"""From the append's call to its row in another service's read model: relay, broker and consumer between them.

All of it runs in one process here, so that one clock times it; in production the two ends have a process each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.broker import broker, lacking, made, of_its_own
from benchmarks.projection import model
from benchmarks.rig import Rig, Rows, Service, alone, quantile, skipped
from benchmarks.visibility import at_a_rate
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.projector import Projector

RATES = (100, 500, 2000)
GOALS = {"p50": (0.5, 10.0), "p99": (0.99, 40.0)}


def _name(rate: int, which: str) -> str:
    return f"append → visible through Kafka, {rate:,}/s, {which}"


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {_name(r, w): skipped(f"<= {goal:g} ms", "ms", why) for r in RATES for w, (_, goal) in GOALS.items()}
    rows: Rows = {}
    async with broker(rig) as kafka:
        for rate in RATES:
            async with (
                rig.service() as service,
                rig.service() as other,
                _joined(service, other, of_its_own(kafka)) as projector,
            ):
                taken = await at_a_rate(service, projector, rate, rig.seconds)
            note = f"{rate:,} commands/s, from the call of append; {len(taken):,} commands"
            rows |= {
                _name(rate, which): alone(quantile(taken, q), unit="ms", sense="<=", goal=goal, note=note)
                for which, (q, goal) in GOALS.items()
            }
    return rows


@asynccontextmanager
async def _joined(service: Service, other: Service, settings: KafkaSettings) -> AsyncIterator[Projector]:
    """The other service's read model, which follows this one's topic."""
    await made(settings)
    relay = Relay(service.pool, service.log, settings, Gate())
    await relay.prepare()
    log = KafkaLog("intake", settings, PostgresPlaces(other.derived))
    projector = Projector(other.derived, model(), {"intake": log})
    await projector.start()
    running = [asyncio.create_task(work()) for work in (service.log.run, relay.run, log.run, projector.run)]
    try:
        yield projector
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await log.close()
