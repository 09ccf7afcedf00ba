"""The demo's story told again and again with other ids: as many real events of every service as a measurement wants."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg

from benchmarks.system import started
from deploy.embedded.databases import ensure_service_database
from deploy.embedded.postgres import EmbeddedPostgres
from shared.adapters.postgres.log import PostgresLog
from shared.contracts.catalogue import SERVICES
from shared.kernel import chain
from shared.kernel.recorded import Recorded

_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TENANT = re.compile(rb'"tenant":"[^"]*"')


class _Text(NamedTuple):
    """Bytes cut at their ids."""

    between: Sequence[bytes]
    ids: Sequence[int]

    def of(self, telling: int) -> bytes:
        parts = [self.between[0]]
        for number, text in zip(self.ids, self.between[1:], strict=True):
            parts += (str(UUID(int=number ^ telling)).encode(), text)
        return b"".join(parts)


class _Event(NamedTuple):
    recorded_at: datetime
    meta: _Text
    data: _Text


@dataclass(frozen=True, slots=True)
class Story:
    """Each service's events of one telling."""

    events: Mapping[str, Sequence[_Event]]

    @property
    def length(self) -> int:
        return sum(map(len, self.events.values()))

    def log(self, service: str, tenants: Sequence[str], tellings: int) -> Iterator[tuple[str, Recorded]]:
        """(tenant, event) of a service's log, chained: every telling is one tenant's, one after the other."""
        heads = dict.fromkeys(tenants, (0, chain.GENESIS))
        for telling in range(1, tellings + 1):
            tenant = tenants[telling % len(tenants)]
            position, last = heads[tenant]
            for event in self.events[service]:
                meta = _TENANT.sub(b'"tenant":"%b"' % tenant.encode(), event.meta.of(telling))
                data = event.data.of(telling)
                position += 1
                last = chain.link(last, position, event.recorded_at, chain.digest(meta, data))
                yield tenant, Recorded(position, event.recorded_at, last, meta, data)
            heads[tenant] = (position, last)


async def story(folder: Path) -> Story:
    """Told once by the demo on a system of its own."""
    async with started(folder) as system:
        words = ("-m", "deploy", "demo", "--json", "--url", system.url, "--data-dir", str(folder))
        demo = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=DEVNULL)
        assert await demo.wait() == 0, "the demo failed"
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        return Story({service: await _told(postgres, service) for service in SERVICES})


async def _told(postgres: EmbeddedPostgres, service: str) -> list[_Event]:
    database = await ensure_service_database(postgres, service)
    async with asyncpg.create_pool(**database.runtime, min_size=1) as pool:
        log = PostgresLog(service, pool)
        events = [e for tenant in await log.heads() for e in await log.read(tenant, 0, 10_000)]
    return [_Event(event.recorded_at, _cut(event.meta_bytes), _cut(event.data_bytes)) for event in events]


def _cut(text: bytes) -> _Text:
    return _Text(_ID.split(text), [UUID(found.decode()).int for found in _ID.findall(text)])
