"""A read model built from another service's topic, beside aiokafka's consumer reading the same topic."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from benchmarks.broker import broker, consumed, forget_topics, lacking, made, of_its_own
from benchmarks.commands import History
from benchmarks.projection import model
from benchmarks.relay import TENANTS, drained
from benchmarks.rig import Rig, Rows, Service, beside, in_turns, skipped
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.projector import Projector

NAME = "consumer → projection, through Kafka"
PUBLISHED = History(events=72_000, streams=24_000, tenants=TENANTS)
LOOK_SECONDS = 0.02


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {NAME: skipped(">= 0.35x", "events/s", why)}
    numbers = count()
    async with broker(rig) as kafka, rig.service() as service:
        settings = of_its_own(kafka)
        await PUBLISHED.write(service)
        await drained(service, settings, PUBLISHED.events)
        topic = await made(settings)
        mine, alone = await in_turns(
            lambda: _projected(service, settings, f"offers_{next(numbers)}"),
            lambda: consumed(settings, topic, PUBLISHED.events),
        )
    note = f"{PUBLISHED.events:,} events of {len(TENANTS)} tenants over {PUBLISHED.streams:,} rows, chain checked"
    return {NAME: beside(mine, alone, unit="events/s", least=0.35, note=note)}


async def _projected(service: Service, settings: KafkaSettings, name: str) -> float:
    """Events a second from the topic's beginning until the read model holds them all."""
    await forget_topics(service)
    log = KafkaLog("intake", settings, PostgresPlaces(service.derived))
    projector = Projector(service.derived, model(name), {"intake": log})
    await projector.start()
    start = time.perf_counter()
    running = [asyncio.create_task(log.run()), asyncio.create_task(projector.run())]
    while sum(projector.positions["intake"].values()) < PUBLISHED.events:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await log.close()
    rows, parked = await service.derived.fetchrow(
        f'select (select count(*) from read."{name}"), (select count(*) from log.parked)'  # noqa: S608 - our own name
    )
    assert (rows, parked) == (PUBLISHED.streams, 0)
    return PUBLISHED.events / taken
