"""The topics against the logs they were published from: every event once, in its place, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence

from deploy.chaos.findings import Finding
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.history import RELAY, unread
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, existing
from shared.adapters.runtime import Runtime
from shared.kernel.recorded import Recorded

DRAIN_SECONDS = 60.0
LOOK_SECONDS = 0.1
PAGE = 1000
_UNPUBLISHED = """
select coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint from log.head h
left join log.checkpoint c on c.consumer = $1 and c.source = $2 and c.tenant = h.tenant"""


class Topics:
    """What was read of each topic, kept from one check to the next: (service, tenant) → its events in order."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], list[Recorded]] = {}
        self._offsets: dict[str, dict[int, int]] = {}

    async def compare(self, brokers: str, runtimes: Mapping[str, Runtime], tenants: Collection[str]) -> list[Finding]:
        """Waits until everything is published; clients must be silent meanwhile."""
        settings = KafkaSettings(bootstrap=brokers, replicas=1, min_insync=1)
        found: list[Finding] = []
        for service, runtime in runtimes.items():
            left = await _drained(runtime)
            if left:
                found.append(Finding("lost", f"{service}: {left} events are not published"))
                continue
            await self._read(settings, service)
            for tenant in tenants:
                found += _differences(
                    f"{tenant}/{service}", await _log(runtime, tenant), self._told.get((service, tenant), [])
                )
        return found

    async def _read(self, settings: KafkaSettings, service: str) -> None:
        async with administration(settings) as admin:
            topic = await existing(admin, TopicNames(settings.topic_prefix).events(service))
        if topic is None:
            return
        offsets = self._offsets.setdefault(service, {})
        async for partition, events, offset in unread(client_arguments(settings), service, topic, offsets):
            for event in events:
                self._told.setdefault((service, event.meta.tenant), []).append(event)
            offsets[partition] = offset


async def _drained(runtime: Runtime) -> int:
    """How many events are still not published when waiting has no sense any more."""
    until = time.monotonic() + DRAIN_SECONDS
    while True:
        left: int = await runtime.resources.pool.fetchval(_UNPUBLISHED, RELAY, runtime.name)
        if not left or time.monotonic() > until:
            return left
        await asyncio.sleep(LOOK_SECONDS)


async def _log(runtime: Runtime, tenant: str) -> list[Recorded]:
    log: list[Recorded] = []
    while batch := await runtime.resources.log.read(tenant, len(log), PAGE):
        log += batch
    return log


def _differences(name: str, log: Sequence[Recorded], told: Sequence[Recorded]) -> list[Finding]:
    """The chain from the topic is the chain in the table, and no event stands there twice."""
    at = next((n for n, (mine, theirs) in enumerate(zip(log, told, strict=False)) if not _same(mine, theirs)), None)
    if at is not None:
        return [
            Finding("double", f"{name}: the topic has position {told[at].position} where {log[at].position} is due")
        ]
    if len(log) == len(told):
        return []
    said = f"{name}: {len(told)} events on the topic, {len(log)} in the table"
    return [Finding("lost", said) if len(told) < len(log) else Finding("double", said)]


def _same(mine: Recorded, theirs: Recorded) -> bool:
    return (mine.position, mine.recorded_at, mine.hash, mine.meta_bytes, mine.data_bytes) == (
        theirs.position,
        theirs.recorded_at,
        theirs.hash,
        theirs.meta_bytes,
        theirs.data_bytes,
    )
