"""The relay's way through a backlog, beside aiokafka's producer with the same records on the same broker."""

from __future__ import annotations

import asyncio
import time

from benchmarks.broker import Message, broker, forget_topics, lacking, made, of_its_own, produced
from benchmarks.commands import History
from benchmarks.rig import Rig, Row, Rows, Service, beside, in_turns, skipped
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.records import headers
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings

TENANTS = tuple(f"bench-{number}" for number in range(24))
BACKLOG = History(events=72_000, streams=24_000, tenants=TENANTS)
ONE = History(events=72_000, streams=24_000)
NAMES = {"relay, backlog of 24 tenants": BACKLOG, "relay, backlog of one tenant": ONE}
LOOK_SECONDS = 0.02


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {name: skipped(">= 0.6x", "events/s", why) for name in NAMES}
    async with broker(rig) as kafka:
        return {name: await _beside(rig, kafka, history) for name, history in NAMES.items()}


async def _beside(rig: Rig, kafka: KafkaSettings, history: History) -> Row:
    async with rig.service() as service:
        await history.write(service)
        messages = await _messages(service, history)
        mine, alone = await in_turns(
            lambda: drained(service, of_its_own(kafka), history.events), lambda: _alone(of_its_own(kafka), messages)
        )
    note = f"{history.events:,} events, 12 partitions; from taking over to the last checkpoint"
    return beside(mine, alone, unit="events/s", least=0.6, note=note)


async def drained(service: Service, settings: KafkaSettings, events: int) -> float:
    """Events a second from the relay's start until nothing waits. The topic is there before."""
    await forget_topics(service)
    await made(settings)
    relay = Relay(service.pool, service.log, settings, Gate())
    start = time.perf_counter()
    running = asyncio.create_task(relay.run())
    while (await relay.lag()).events:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    taken = time.perf_counter() - start
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return events / taken


async def _alone(settings: KafkaSettings, messages: list[Message]) -> float:
    return await produced(settings, await made(settings), messages)


async def _messages(service: Service, history: History) -> list[Message]:
    """What the relay makes of the log."""
    return [
        (tenant.encode(), event.data_bytes, headers(event))
        for tenant in history.tenants
        for event in await service.log.read(tenant, 0, history.events)
    ]
