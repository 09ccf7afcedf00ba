"""Replicas of a consuming service that come and go at random: every event applied once, in order, none missing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from deploy.embedded.databases import ServiceDatabase
from deploy.embedded.postgres import SUPERUSER
from deploy.embedded.system import migrated
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.connection import open_pool
from shared.adapters.postgres.projector import Projector
from shared.adapters.runtime import _kept_running
from shared.contracts.intake.complaint import SatisfactionRecorded
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded
from tests import faults
from tests.contract.stores import prepared, request
from tests.folds import are_the_fold
from tests.integration.kernel.scores import SCORES
from tests.published import Published, ended, eventually, published, settings_of

TENANTS = [f"t-{number}" for number in range(5)]
STREAMS = 20
MOST, LEAST = 4, 1
"""Replicas at a time."""
PAUSE_SECONDS = 0.4
"""At most, between two comings and goings."""


def _all(recorded: Recorded) -> list[RowKey]:
    del recorded
    return [("all",)]


def _count(rows: Rows, recorded: Recorded) -> None:
    row = rows.get("all") or {"of": "all", "events": 0, "weighed": 0}
    rows.put({"of": "all", "events": row["events"] + 1, "weighed": row["weighed"] + recorded.position})


TOTALS = ReadModel(
    name="totals",
    sources=frozenset({"intake"}),
    columns=(Column("of", "text", nullable=False), Column("events", "bigint"), Column("weighed", "bigint")),
    key=("of",),
    touches=_all,
    apply=_count,
)
"""One row a tenant, which every event changes: nothing in its fold forgives a repeat or a gap."""
MODELS = (SCORES, TOTALS)


@dataclass
class Replica:
    """A consuming service's process, as far as its read models go."""

    pool: asyncpg.Pool
    log: KafkaLog
    projectors: list[Projector]
    tasks: list[asyncio.Task[None]]

    @classmethod
    async def joined(cls, database: ServiceDatabase, settings: KafkaSettings) -> Replica:
        pool = await open_pool(database.runtime, most=4, derived=True)
        log = KafkaLog("intake", settings, PostgresPlaces(pool))
        projectors = [Projector(pool, model, {"intake": log}) for model in MODELS]
        for projector in projectors:
            await projector.start()
        running = [("log", log.run), *((one.model.name, one.run) for one in projectors)]
        return cls(pool, log, projectors, [asyncio.create_task(_kept_running(name, run)) for name, run in running])

    async def leaves(self) -> None:
        await ended(self.tasks)
        await self.log.close()
        await self.pool.close()

    async def is_killed(self) -> None:
        """Its connections are gone in the middle of whatever it did, and it says nothing to anybody."""
        self.pool.terminate()
        await ended(self.tasks)
        await self.log.close()

    async def is_cut_off(self, superuser: asyncpg.Connection) -> None:
        """Postgres ends its connections, and it goes on."""
        pids = [one._con.get_server_pid() for one in self.pool._holders if one._con is not None]
        await superuser.execute("select pg_terminate_backend(pid) from unnest($1::int[]) pid", pids)

    async def has_seen(self, heads: dict[str, int]) -> bool:
        return all(one.lag("intake", heads) == 0 for one in self.projectors)


@dataclass
class Storm:
    """`chance` is the same each time; what happens beside it isn't."""

    database: ServiceDatabase
    settings: KafkaSettings
    chance: random.Random
    replicas: list[Replica] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    async def blows(self, superuser: asyncpg.Connection) -> None:
        until = asyncio.get_running_loop().time() + faults.SECONDS
        while asyncio.get_running_loop().time() < until:
            kinds = ["joined"] * (len(self.replicas) < MOST) + ["cut off"]
            what = self.chance.choice(kinds + ["left", "killed"] * (len(self.replicas) > LEAST))
            if what == "joined" or not self.replicas:
                self.replicas.append(await Replica.joined(self.database, self.settings))
            elif what == "cut off":
                await self.chance.choice(self.replicas).is_cut_off(superuser)
            else:
                gone = self.replicas.pop(self.chance.randrange(len(self.replicas)))
                await (gone.leaves() if what == "left" else gone.is_killed())
            self.done[what] += 1
            await asyncio.sleep(self.chance.uniform(0, PAUSE_SECONDS))


async def scored(service: Published, number: int) -> None:
    """Each event with a score of its own, many to a stream."""
    tenant = TENANTS[number % len(TENANTS)]
    turn = number // len(TENANTS)
    stream, version = f"complaint-{turn % STREAMS}", turn // STREAMS + 1
    event = SatisfactionRecorded(complaint_id=UUID(int=7), score=100 + number)
    said = (prepared(tenant, stream, version, event),)
    await service.store.append(request(stream, version - 1, tenant=tenant, events=said))


async def complaints_come(service: Published) -> None:
    number = 0
    while True:
        batch = range(number, number + len(TENANTS) * STREAMS)
        number = batch.stop
        await asyncio.shield(asyncio.gather(*(scored(service, one) for one in batch)))
        await asyncio.sleep(0.2)


async def test_replicas_that_join_leave_and_are_killed_apply_every_event_once(database, kafka):
    consuming = await database("capa")
    superuser = await asyncpg.connect(**{**consuming.owner, "user": SUPERUSER})
    await migrated("capa", consuming)
    storm = Storm(consuming, settings_of(kafka, partitions=4), random.Random(11))  # noqa: S311 - weather
    try:
        async with published(await database(), storm.settings) as service:
            writing = service.run(complaints_come(service))
            await storm.blows(superuser)
            await ended([writing])
            await service.drained()
            heads = await service.log.heads()
            began = asyncio.get_running_loop().time()
            storm.replicas.append(await Replica.joined(consuming, service.settings))
            await eventually(lambda: storm.replicas[-1].has_seen(heads))
            caught_up = asyncio.get_running_loop().time() - began
            logs = {tenant: await service.log.read(tenant, 0, 1_000_000) for tenant in TENANTS}
        for tenant, events in logs.items():
            assert [event.position for event in events] == list(range(1, heads[tenant] + 1))
        await are_the_fold(superuser, MODELS, logs)
        faults.seen("storm of projections", **storm.done, events=sum(heads.values()), caught_up_s=round(caught_up, 1))
    finally:
        for replica in storm.replicas:
            await replica.leaves()
        await superuser.close()
