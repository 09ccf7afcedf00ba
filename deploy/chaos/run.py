"""Cycles of writing and failing, each followed by every check."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from deploy.chaos.asking import asked_again
from deploy.chaos.faults import DISTRIBUTED, FAULTS, deck, inflict, revived
from deploy.chaos.findings import Finding
from deploy.chaos.invariants import Inspector
from deploy.chaos.journal import Journal, Known
from deploy.chaos.requests import publish_mapping
from deploy.chaos.topics import Topics
from deploy.chaos.writers import Client, Writer
from deploy.embedded.attach import attached
from deploy.embedded.child import Child
from deploy.embedded.process import clear_orphans
from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.kernel.clock import system_clock

TENANTS = ("chaos-a", "chaos-b")
WRITERS_EACH = 3
PEOPLE = tuple((tenant, f"writer-{number}") for tenant in TENANTS for number in range(WRITERS_EACH))
ROLES = ("service_agent", "quality_engineer", "privacy_officer")
OLD_WRITES = 40
"""How many of the earlier writes are asked again in each cycle; at the end it is all of them."""

Progress = Callable[[int, str, "Outcome"], None]
"""Gets the cycle's number, what failed in it, and what has been found so far."""


@dataclass(slots=True)
class Outcome:
    cycles: int = 0
    journal: Journal = field(default_factory=Journal)
    findings: list[Finding] = field(default_factory=list)


async def run(folder: Path, cycles: int, seed: int, progress: Progress, *, kafka: bool = False) -> Outcome:
    """Stops at the first harm: the folder then shows it. `kafka`: as four processes joined by one."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible story, no secret
    chaos = Chaos(folder, chance, kafka=kafka)
    faults = deck(chance, DISTRIBUTED if kafka else FAULTS)
    outcome = Outcome(journal=chaos.journal)
    try:
        await asyncio.to_thread(chaos.server.start)
        await chaos.prepare()
        while outcome.cycles < cycles and not outcome.findings:
            outcome.cycles += 1
            done, outcome.findings = await chaos.cycle(next(faults))
            progress(outcome.cycles, done, outcome)
        if not outcome.findings:
            outcome.findings = await chaos.last_look()
    finally:
        await chaos.end()
    return outcome


UNCOUNTED = {"SUYUAN_REQUESTS_PER_SECOND": "0"}
"""A few names stand for everybody who writes: they ask more often than a person may."""


class Chaos:
    """One system on one folder, and everybody who writes to it."""

    def __init__(self, folder: Path, chance: random.Random, *, kafka: bool) -> None:
        self.journal = Journal()
        self.server = Child(folder, dict(UNCOUNTED), port=_free_port(), kafka=kafka)
        self._topics = Topics()
        self._chance = chance
        self._settings = embedded_settings(folder)
        self._inspector = Inspector(TENANTS)

    async def prepare(self) -> None:
        async with AsyncExitStack() as stack:
            for tenant, subject in PEOPLE[::WRITERS_EACH]:
                client = await stack.enter_async_context(self._client(tenant, subject))
                await Writer(client, self.journal, 0).ask(publish_mapping(), Known())

    async def cycle(self, fault: str) -> tuple[str, list[Finding]]:
        """Write, fail, recover, let every writer come to its answer, look. What was done, and what was found."""
        began = len(self.journal.writes)
        stop = asyncio.Event()
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as writing:
            for tenant, subject in PEOPLE:
                client = await stack.enter_async_context(self._client(tenant, subject))
                writer = Writer(client, self.journal, self._chance.getrandbits(32))
                writing.create_task(writer.work(stop))
            await asyncio.sleep(self._chance.uniform(0.2, 1))
            done = await inflict(self.server, fault, self._chance)
            await asyncio.sleep(self._chance.uniform(0, 0.3))
            await revived(self.server)
            await asyncio.sleep(self._chance.uniform(0.1, 0.4))
            stop.set()
        return done, await self._looked_at(self._inspector, began)

    async def last_look(self) -> list[Finding]:
        """After an orderly end and a start: everything once more from position 0, every answer asked for again."""
        await asyncio.to_thread(self.server.stop)
        await revived(self.server)
        return await self._looked_at(Inspector(TENANTS), 0)

    async def end(self) -> None:
        """Whatever happened, nothing is left running."""
        try:
            await asyncio.to_thread(self.server.stop)
        finally:
            self.server.kill()
            await clear_orphans(self.server.folder / "postgres" / "data")

    async def _looked_at(self, inspector: Inspector, began: int) -> list[Finding]:
        await revived(self.server)  # a database that was killed too often ends the server, as it should
        old = self.journal.writes[:began]
        again = self._chance.sample(old, min(OLD_WRITES, len(old))) + self.journal.writes[began:]
        found: list[Finding] = []
        for person in PEOPLE:
            async with self._client(*person) as client:
                found += await asked_again(client, [one for one in again if (one.tenant, one.subject) == person])
        async with attached(self._settings) as runtimes:
            found += await inspector.inspect(runtimes, self.journal)
            if self.server.kafka:
                found += await self._topics.compare(self.server.brokers, runtimes, TENANTS)
        return found

    def _client(self, tenant: str, subject: str) -> Client:
        token = LocalIssuer(self._settings, system_clock).token(ROLES, tenant=tenant, subject=subject)
        return Client(self.server.url, token, tenant, subject, self.journal)


def _free_port() -> int:
    """One for the whole run, so that clients find a server that was started again."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
