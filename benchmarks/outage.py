"""The broker killed and away while commands go on: all are taken; what waited is published soon after its return."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.broker import lacking, made, of_its_own
from benchmarks.commands import command, prepared
from benchmarks.projection import model
from benchmarks.rig import TENANT, Rig, Row, Rows, Service, alone, skipped
from deploy.kafka.local import LocalKafka
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.event_store import PostgresStore
from shared.adapters.postgres.projector import Projector

AWAY_SECONDS = 60.0
AROUND_SECONDS = 5.0
"""Commands before it goes, and after it is back."""
EACH_SECOND = 100
NAMES = (
    "broker away for 60 s at 100 commands/s: not taken",
    "broker away for 60 s: until its backlog was published",
    "broker away for 60 s: until another service had seen it",
)
LOOK_SECONDS = 0.02


@dataclass
class _Commands:
    """Whoever writes: `refused` is what they were told instead of an answer."""

    store: PostgresStore
    taken: int = 0
    refused: list[str] = field(default_factory=list)
    longest: float = 0.0

    async def ask(self) -> None:
        began = time.perf_counter()
        try:
            await self.store.append(command((prepared(),)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts
            self.refused.append(repr(error))
        else:
            self.taken += 1
        self.longest = max(self.longest, time.perf_counter() - began)

    async def run(self) -> None:
        clock = asyncio.get_running_loop().time
        first, nth = clock(), 0
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(max(0.0, first + nth / EACH_SECOND - clock()))
                group.create_task(self.ask())
                nth += 1


async def measure(rig: Rig) -> Rows:
    why = lacking()
    if why is not None:
        return {name: skipped("–", "s", why) for name in NAMES}
    async with LocalKafka(rig.folder / "kafka-outage") as kafka, rig.service() as service, rig.service() as other:
        settings = of_its_own(KafkaSettings(bootstrap=kafka.bootstrap, replicas=1, min_insync=1))
        await made(settings)
        return await _measured(kafka, settings, service, other)


async def _measured(kafka: LocalKafka, settings: KafkaSettings, service: Service, other: Service) -> Rows:
    gate = Gate()
    relay = Relay(service.pool, service.log, settings, gate)
    await relay.prepare()
    commands = _Commands(PostgresStore(service.pool, service.log, gate))
    log = KafkaLog("intake", settings, PostgresPlaces(other.derived))
    projector = Projector(other.derived, model(), {"intake": log})
    await projector.start()
    running = [asyncio.create_task(run()) for run in (service.log.run, relay.run, log.run, projector.run)]
    asking = asyncio.create_task(commands.run())
    await asyncio.sleep(AROUND_SECONDS)
    await kafka.kill()
    await asyncio.sleep(AWAY_SECONDS)
    backlog = (await relay.lag()).events
    await kafka.start_node(1)
    back = time.perf_counter()
    waited = commands.taken
    published = asyncio.create_task(_published(relay))
    while projector.positions["intake"].get(TENANT, 0) < waited:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    seen = time.perf_counter() - back
    drained = await published - back
    await asyncio.sleep(AROUND_SECONDS)
    for task in (asking, *running):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(asking, *running, return_exceptions=True)
    await log.close()
    note = f"{commands.taken:,} commands, the longest {commands.longest * 1000:.0f} ms; {backlog:,} waited"
    missing = Row(
        ours=float(len(commands.refused)), reference=None, ratio=None, goal="0", met=not commands.refused,
        unit="commands", note=", ".join({*commands.refused}) or note,
    )  # fmt: skip
    return {
        NAMES[0]: missing,
        NAMES[1]: alone(drained, unit="s", sense="<=", goal=10, note="from its being ready again; commands go on"),
        NAMES[2]: alone(seen, unit="s", sense="<=", goal=10, note="the last event from before its return"),
    }


async def _published(relay: Relay) -> float:
    """When nothing waited for a moment: new commands come all the time."""
    while (await relay.lag()).events > EACH_SECOND:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter()
