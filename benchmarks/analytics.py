"""All of analytics built anew from a million events of three services' topics, as a new service would have to."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress

import psutil

from benchmarks.broker import broker, lacking, made, of_its_own
from benchmarks.retold import Story, story
from benchmarks.rig import Rig, Rows, Service, alone, skipped
from benchmarks.system import MIB
from services.analytics.readmodels.as_of import MODELS
from shared.adapters.kafka.connection import producing
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.records import headers
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.projector import Projector

RATE = "analytics built from a million events, through Kafka"
MEMORY = "memory, building analytics"
EVENTS = 1_000_000
SOURCES = ("intake", "investigation", "capa")
TENANTS = tuple(f"bench-{number}" for number in range(8))
ALLOWED = 256.0
"""MiB by which the process may grow: a page cache for each topic (32 MiB), what is on its way, and its batches."""
LOOK_SECONDS = 0.1


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {RATE: skipped(">= 20000 events/s", "events/s", why), MEMORY: skipped(f"<= {ALLOWED:g} MiB", "MiB", why)}
    told = await story(rig.folder / "story")
    tellings = EVENTS // sum(len(told.events[source]) for source in SOURCES)
    async with broker(rig) as kafka, rig.service("analytics") as service:
        settings = of_its_own(kafka)
        counts = {source: await _published(settings, told, source, tellings) for source in SOURCES}
        taken, grown = await _built(service, settings, counts)
    total = sum(counts.values())
    note = f"{total:,} events, {len(MODELS)} read models, {len(TENANTS)} tenants, chains checked"
    return {
        RATE: alone(total / taken, unit="events/s", sense=">=", goal=20_000, note=note),
        MEMORY: alone(grown, unit="MiB", sense="<=", goal=ALLOWED, note="growth of the process at its largest"),
    }


async def _published(settings: KafkaSettings, told: Story, source: str, tellings: int) -> int:
    """How many events the topic has."""
    topic = await made(settings, source)
    count = 0
    async with producing(settings) as producer:
        for tenant, event in told.log(source, TENANTS, tellings):
            await producer.send(topic.name, event.data_bytes, tenant.encode(), headers=headers(event))
            count += 1
        await producer.flush()
    return count


async def _built(service: Service, settings: KafkaSettings, counts: Mapping[str, int]) -> tuple[float, float]:
    """Seconds until every read model holds every event, and MiB by which the process grew at most."""
    places = PostgresPlaces(service.derived)
    logs = {source: KafkaLog(source, settings, places) for source in SOURCES}
    projectors = [Projector(service.derived, model, logs) for model in MODELS]
    for projector in projectors:
        await projector.start()
    process = psutil.Process(os.getpid())
    before = peak = process.memory_info().rss
    start = time.perf_counter()
    running = [
        asyncio.create_task(work())
        for work in [*(log.run for log in logs.values()), *(each.run for each in projectors)]
    ]
    while not all(_holds(projector, counts) for projector in projectors):
        peak = max(peak, process.memory_info().rss)
        await asyncio.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - start
    for task in running:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*running, return_exceptions=True)
    for log in logs.values():
        await log.close()
    assert await service.pool.fetchval("select count(*) from log.parked") == 0
    return taken, (peak - before) / MIB


def _holds(projector: Projector, counts: Mapping[str, int]) -> bool:
    return all(sum(at.values()) == counts[source] for source, at in projector.positions.items())
