"""A database restored from an older backup, beside its topic, which went on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

from deploy.embedded.databases import ServiceDatabase
from deploy.moving.tables import copy
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.migrate import migrate
from shared.adapters.runtime import migrations_of
from tests.contract.stores import request
from tests.published import Published

HOW_TO_REACH = ("bootstrap", "topic_prefix", "replicas", "min_insync")


@dataclass
class Restoring:
    """`now` is the database that events were written to, `old` what it was before the last of them."""

    now: ServiceDatabase
    old: ServiceDatabase
    settings: KafkaSettings


async def owner_of(database: ServiceDatabase) -> asyncpg.Connection:
    return await asyncpg.connect(**database.owner)


async def backup(source: ServiceDatabase, target: ServiceDatabase) -> None:
    """Everything that isn't built anew, with what the relay knew of its topic."""
    one, other = await owner_of(source), await owner_of(target)
    await migrate(other, str(target.runtime["user"]), migrations_of("intake"))
    assert await copy(one, other, "intake", lambda *_: None)
    for table in ("topic", "topic_tail"):
        await other.copy_records_to_table(table, schema_name="log", records=await one.fetch(f"table log.{table}"))
    relays = await one.fetch("select * from log.checkpoint where consumer = 'relay'")
    await other.copy_records_to_table("checkpoint", schema_name="log", records=relays)
    await one.close()
    await other.close()


async def written(service: Published, streams: int, version: int = 0) -> None:
    await asyncio.gather(
        *(
            service.store.append(request(f"complaint-{n}", version, tenant=f"t-{n % 3}", count=2))
            for n in range(streams)
        )
    )


async def written_others(service: Published) -> None:
    await asyncio.gather(*(service.store.append(request(f"late-{n}", tenant=f"t-{n}", count=2)) for n in range(3)))


async def rows(database: ServiceDatabase, table: str) -> list[tuple]:
    owner = await owner_of(database)
    found = [tuple(row) for row in await owner.fetch(f"select * from log.{table} order by 1, 2")]  # noqa: S608 - our own name
    await owner.close()
    return found
