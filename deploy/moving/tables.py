"""What of a service's database is moved, how it is copied, and how two databases are told to hold the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

PIECES = 8
"""How many pieces of some 100 KiB may wait between the two databases."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table: those that `only` names, all `columns` unless some are."""

    schema: str
    table: str
    columns: tuple[str, ...] = ()
    only: str = "true"

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def rows(self) -> str:
        return self.selected(self.columns or ("*",))

    def selected(self, columns: Sequence[str]) -> str:
        return f"select {', '.join(columns)} from {self.name} where {self.only}"  # noqa: S608 - our own names


_REACTIONS = "consumer like 'reactions to %'"
LOG = (
    Part("log", "event"),
    Part("log", "head"),
    Part("log", "command"),
    Part("log", "claim"),
    Part("log", "reaction"),
    Part("log", "subject_key"),
    Part("log", "subject_lookup"),
    Part("log", "number"),
    # how far reactions have come: from the beginning, a rule made later would react to what it passed by here
    Part("log", "checkpoint", ("consumer", "source", "tenant", "position"), _REACTIONS),
    Part("log", "parked", (), _REACTIONS),
)
FACTS = (Part("facts", "row"),)
LEFT = ("log.read_model", "log.topic", "log.topic_tail", "log.topic_head")
"""Made again at the target: read models from the logs, and what is known of topics from its own."""

_SAME_TEXT = "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local bytea_output = 'hex'"
"""Whatever a database or a role has for its own."""

_COLUMNS = """
select array_agg(attname::text order by attnum) from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped"""


def parts_of(service: str) -> tuple[Part, ...]:
    return (*LOG, *FACTS) if service == "investigation" else LOG


@dataclass(frozen=True, slots=True)
class Contents:
    """`parts`: name → how many rows, and a sum over them."""

    parts: Mapping[str, tuple[int, int]]

    @property
    def rows(self) -> int:
        return sum(rows for rows, _ in self.parts.values())

    def differs_from(self, other: Contents) -> str | None:
        """The first part that isn't the same, with both counts of rows."""
        for name, found in self.parts.items():
            if found != other.parts[name]:
                return f"{name} ({found[0]} ≠ {other.parts[name][0]})"
        return None


async def is_empty(owner: asyncpg.Connection, service: str) -> bool:
    """Whether a database has none of the rows that are moved; it may have no schema yet."""
    for part in parts_of(service):
        if await owner.fetchval("select to_regclass($1)", part.name) is not None and await owner.fetchval(
            f"select exists ({part.rows})"
        ):
            return False
    return True


async def contents(owner: asyncpg.Connection, service: str) -> Contents:
    """Reads every row that is moved. The sum doesn't hang on their order."""
    parts: dict[str, tuple[int, int]] = {}
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        await owner.execute(_SAME_TEXT)
        for part in parts_of(service):
            found = await owner.fetchrow(
                f"select count(*) n, coalesce(sum(hashtextextended(t::text, 0)), 0) s from ({part.rows}) t"  # noqa: S608 - as above
            )
            parts[part.name] = (found["n"], int(found["s"]))
    return Contents(parts)


async def copy(
    source: asyncpg.Connection, target: asyncpg.Connection, service: str, seen: Callable[[Part, int], None]
) -> bool:
    """All of it in one transaction of the target, or nothing; False where the target isn't empty by now.

    `seen` hears of each piece, in bytes. Triggers, rights and indexes are those of the target's own migrations.
    """
    async with target.transaction():
        names = ", ".join(part.name for part in parts_of(service))
        await target.execute(f"lock table {names} in share row exclusive mode")
        if not await is_empty(target, service):
            return False
        for part in parts_of(service):
            await _piped(source, target, part, seen)
    await target.execute(f"analyze {names}")
    return True


async def _piped(
    source: asyncpg.Connection, target: asyncpg.Connection, part: Part, seen: Callable[[Part, int], None]
) -> None:
    """Postgres' own binary format, byte for byte. Raises what either database raises."""
    pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(PIECES)
    columns = part.columns or await source.fetchval(_COLUMNS, part.name)

    async def read() -> None:
        try:
            await source.copy_from_query(part.selected(columns), output=pieces.put, format="binary")
            await pieces.put(None)
        except Exception as error:  # noqa: BLE001 - the other end raises it
            await pieces.put(error)

    async def written() -> AsyncIterator[bytes]:
        while (piece := await pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            seen(part, len(piece))
            yield piece

    reading = asyncio.create_task(read())
    try:
        await target.copy_to_table(
            part.table, schema_name=part.schema, columns=columns, source=written(), format="binary"
        )
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
