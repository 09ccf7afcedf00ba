"""Chain verification, beside selecting the same rows and hashing their bytes once."""

from __future__ import annotations

import time
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.commands import History
from benchmarks.rig import TENANT, Rig, Rows, Service, beside, in_turns
from shared.adapters.postgres.verify import PAGE, verify

HISTORY = History(events=30_000, streams=3_000)
_SELECT = """
select position, stream, version, recorded_at, type, hash, meta, data from log.event
where tenant = $1 and position > $2 order by position limit $3"""


async def _verified(service: Service) -> float:
    start = time.perf_counter()
    verdict = await verify(service.pool, "intake", TENANT, [], Ed25519PrivateKey.generate().public_key())
    assert verdict.whole
    assert verdict.events == HISTORY.events
    return HISTORY.events / (time.perf_counter() - start)


async def _hashed(service: Service) -> float:
    start, after, total = time.perf_counter(), 0, sha256()
    while page := await service.pool.fetch(_SELECT, TENANT, after, PAGE):
        for row in page:
            total.update(row["meta"])
            total.update(row["data"])
        after = page[-1]["position"]
    return HISTORY.events / (time.perf_counter() - start)


async def measure(rig: Rig) -> Rows:
    async with rig.service() as service:
        await HISTORY.write(service)
        mine, theirs = await in_turns(lambda: _verified(service), lambda: _hashed(service), turns=5)
    note = f"{HISTORY.events:,} events; ours also recomputes every link and compares meta with its columns"
    return {"chain verification": beside(mine, theirs, unit="events/s", least=0.7, note=note)}
