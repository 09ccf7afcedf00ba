"""Another service's read model in a process of its own: `python -m benchmarks.reader`.

One line of JSON on standard input says where: `dsn` of its database, `kafka` settings. It answers `ready`; when its
input ends it prints when it had come how far: [[seconds on the machine's monotonic clock, position], …].
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from benchmarks.projection import model
from benchmarks.rig import TENANT
from shared.adapters.collector import collect_rarely
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.projector import Projector


async def _read() -> None:
    told = json.loads(await asyncio.to_thread(sys.stdin.readline))
    derived = await open_pool(told["dsn"], least=1, most=6, derived=True)
    log = KafkaLog("intake", KafkaSettings(**told["kafka"]), PostgresPlaces(derived))
    projector = Projector(derived, model(), {"intake": log})
    await projector.start()
    running = [asyncio.create_task(work()) for work in (log.run, projector.run)]
    await log.heads()
    print("ready", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    moves: list[tuple[float, int]] = []
    seen = 0
    while not ended.done():
        while not await projector.wait("intake", TENANT, seen + 1, 0.2) and not ended.done():
            pass
        seen = projector.positions["intake"].get(TENANT, 0)
        moves.append((time.monotonic(), seen))
    print(json.dumps(moves))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await log.close()
    derived.terminate()


if __name__ == "__main__":
    collect_rarely()
    uvloop.run(_read())
