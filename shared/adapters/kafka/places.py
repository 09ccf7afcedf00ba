"""How far a service has looked at another's topic: kept in its own database, so that a start doesn't begin at zero.

All of it can be found again by reading the topic from its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

_TAILS = "select partition, next_offset from log.topic_tail where topic = $1"
_HEADS = "select tenant, position, hash, partition, place from log.topic_head where topic = $1"
_CHECKPOINTS = "select tenant, position, place from log.checkpoint where source = $1 and place is not null"
_SAVE_TAILS = """
insert into log.topic_tail as t (topic, partition, next_offset)
select $1, * from unnest($2::integer[], $3::bigint[]) on conflict (topic, partition)
do update set next_offset = excluded.next_offset where t.next_offset < excluded.next_offset"""
_SAVE_HEADS = """
insert into log.topic_head as h (topic, tenant, position, hash, partition, place)
select $1, * from unnest($2::text[], $3::bigint[], $4::bytea[], $5::integer[], $6::bigint[])
on conflict (topic, tenant) do update
set position = excluded.position, hash = excluded.hash, partition = excluded.partition, place = excluded.place
where h.position < excluded.position"""


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a tenant that was read in order: its position and hash, and where it lies."""

    position: int
    hash: bytes
    partition: int
    place: int


@dataclass(slots=True)
class Seen:
    """Up to which offset each partition was read, and each tenant's head there."""

    offsets: dict[int, int] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)


class Places(Protocol):
    """Where that is kept."""

    async def load(self, topic: str) -> Seen: ...

    async def save(self, topic: str, offsets: Mapping[int, int], heads: Mapping[str, Head]) -> None:
        """Never backwards: another process of the service may be further."""
        ...

    async def consumers(self, source: str) -> Mapping[tuple[str, int], int]:
        """Where this service's consumers of that source are: (tenant, position) → the offset of that event."""
        ...


class PostgresPlaces:
    """In the service's own database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def load(self, topic: str) -> Seen:
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            tails = await connection.fetch(_TAILS, topic)
            heads = await connection.fetch(_HEADS, topic)
        return Seen(
            {row["partition"]: row["next_offset"] for row in tails},
            {row["tenant"]: Head(row["position"], row["hash"], row["partition"], row["place"]) for row in heads},
        )

    async def save(self, topic: str, offsets: Mapping[int, int], heads: Mapping[str, Head]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _SAVE_HEADS,
                topic,
                list(heads),
                [head.position for head in heads.values()],
                [head.hash for head in heads.values()],
                [head.partition for head in heads.values()],
                [head.place for head in heads.values()],
            )
            await connection.execute(_SAVE_TAILS, topic, list(offsets), list(offsets.values()))

    async def consumers(self, source: str) -> Mapping[tuple[str, int], int]:
        rows = await self._pool.fetch(_CHECKPOINTS, source)
        return {(row["tenant"], row["position"]): row["place"] for row in rows}


class NoPlaces:
    """For whoever has no database: a topic is read from its beginning, each time."""

    async def load(self, topic: str) -> Seen:
        del topic
        return Seen()

    async def save(self, topic: str, offsets: Mapping[int, int], heads: Mapping[str, Head]) -> None:
        del topic, offsets, heads

    async def consumers(self, source: str) -> Mapping[tuple[str, int], int]:
        del source
        return {}
