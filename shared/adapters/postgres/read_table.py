"""A read model's table in schema read: made, read for a batch and written back with one statement each."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

import asyncpg

from shared.adapters.postgres.connection import KEY_BY_KEY
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey

_TENANT = Column("tenant", "text", nullable=False)


def fingerprint(model: ReadModel) -> str:
    """Changes when the table or the fold's version does: then the model is rebuilt beside the old one."""
    return sha256(repr((model.version, model.columns, model.key, model.indexes)).encode()).hexdigest()


class ReadTable:
    """One generation of a read model: the table `read.<name>__<generation>`. Rows here don't name the tenant."""

    def __init__(self, model: ReadModel, generation: int) -> None:
        self.model = model
        self.generation = generation
        self.name = f'read."{model.name}__{generation}"'
        self.consumer = f"{model.name}__{generation}"
        self._types = {column.name: column.type for column in model.columns}
        self._names = [column.name for column in model.columns]
        self._json = [column.name for column in model.columns if column.type == "jsonb"]
        self._select = self._select_sql()
        self._upsert = self._upsert_sql()
        self._delete = self._delete_sql()

    async def create(self, connection: asyncpg.Connection) -> None:
        columns = ", ".join(
            f'"{c.name}" {c.type}{"" if c.nullable else " not null"}' for c in (_TENANT, *self.model.columns)
        )
        key = ", ".join(f'"{name}"' for name in ("tenant", *self.model.key))
        await connection.execute(f"create table {self.name} ({columns}, primary key ({key})) with (fillfactor = 80)")
        for index in self.model.indexes:
            await connection.execute(f"create index on {self.name} {index}")

    async def drop(self, connection: asyncpg.Connection) -> None:
        await connection.execute(f"drop table if exists {self.name}")
        await connection.execute("delete from log.checkpoint where consumer = $1", self.consumer)
        await connection.execute("delete from log.parked where consumer = $1", self.consumer)

    async def show(self, connection: asyncpg.Connection) -> None:
        """Let the view `read.<name>` show this generation, for good: nobody would notice if that were undone."""
        await connection.execute("set local synchronous_commit = on")
        await connection.execute(f'drop view if exists read."{self.model.name}"')
        await connection.execute(f'create view read."{self.model.name}" as select * from {self.name}')
        await connection.execute(
            "update log.read_model set shown = $2, fingerprint = $3 where name = $1",
            self.model.name,
            self.generation,
            fingerprint(self.model),
        )

    async def load(self, connection: asyncpg.Connection, tenant: str, keys: Collection[RowKey]) -> dict[RowKey, Row]:
        if not keys:
            return {}
        columns = [[key[n] for key in keys] for n in range(len(self.model.key))]
        rows = await connection.fetch(self._select, tenant, *columns)
        loaded: dict[RowKey, Row] = {}
        for record in rows:
            row = dict(zip(self._names, record, strict=True))
            for name in self._json:
                row[name] = None if row[name] is None else json.loads(row[name])
            loaded[tuple([row[name] for name in self.model.key])] = row
        return loaded

    async def save(self, connection: asyncpg.Connection, tenant: str, changed: Mapping[RowKey, Row | None]) -> None:
        rows = [row for row in changed.values() if row is not None]
        gone = [key for key, row in changed.items() if row is None]
        if rows:
            columns = [_column(c, rows) for c in self.model.columns]
            await connection.execute(self._upsert, tenant, *columns)
        if gone:
            await connection.execute(
                self._delete, tenant, *([key[n] for key in gone] for n in range(len(self.model.key)))
            )

    def _keys_table(self) -> str:
        arrays = ", ".join(f"${n}::{self._types[name]}[]" for n, name in enumerate(self.model.key, start=2))
        names = ", ".join(f'"{name}"' for name in self.model.key)
        return f"unnest({arrays}) k({names})"

    def _same_key(self) -> str:
        return " and ".join(f't."{name}" = k."{name}"' for name in self.model.key)

    def _select_sql(self) -> str:
        names = ", ".join(f't."{name}"' for name in self._names)
        one = f"select * from {self.name} t where t.tenant = $1 and {self._same_key()} {KEY_BY_KEY}"
        return f"select {names} from {self._keys_table()} cross join lateral ({one}) t"

    def _delete_sql(self) -> str:
        return f"delete from {self.name} t using {self._keys_table()} where t.tenant = $1 and {self._same_key()}"

    def _upsert_sql(self) -> str:
        columns = self.model.columns
        names = ", ".join(f'"{c.name}"' for c in columns)
        arrays = ", ".join(f"${n}::{_wire_type(c.type)}[]" for n, c in enumerate(columns, start=2))
        values = ", ".join(_from_wire(c) for c in columns)
        key = ", ".join(f'"{name}"' for name in ("tenant", *self.model.key))
        rest = [c.name for c in columns if c.name not in self.model.key]
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
        action = f"do update set {updates}" if rest else "do nothing"
        return (
            f"insert into {self.name} (tenant, {names}) select $1, {values} from unnest({arrays}) w({names})"
            f" on conflict ({key}) {action}"
        )


def _wire_type(column_type: str) -> str:
    """An array of arrays can't be unnested, so arrays travel as JSON."""
    return "text" if column_type.endswith("[]") or column_type == "jsonb" else column_type


def _from_wire(column: Column) -> str:
    if column.type.endswith("[]"):
        inner = f'select array_agg(x::{column.type[:-2]}) from jsonb_array_elements_text(w."{column.name}"::jsonb) x'
        return f"case when w.\"{column.name}\" is null then null else coalesce(({inner}), '{{}}') end"
    return f'w."{column.name}"::jsonb' if column.type == "jsonb" else f'w."{column.name}"'


def _column(column: Column, rows: list[Row]) -> list[Any]:
    """One column's values as they travel."""
    values = [row.get(column.name) for row in rows]
    if _wire_type(column.type) == column.type:
        return values
    return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]


async def register(connection: asyncpg.Connection, model: ReadModel) -> ReadTable:
    """The generation that events go to: the shown one, or a new one beside it if the definition changed.

    The view goes on showing the old generation until the new one has caught up (`Projector` shows it then).
    """
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", f"read model {model.name}")
        known = await connection.fetchrow("select * from log.read_model where name = $1", model.name)
        if known is None:
            return await _first(connection, model)
        if known["fingerprint"] == fingerprint(model):
            return ReadTable(model, known["shown"])
        if known["newest_fingerprint"] == fingerprint(model):
            return ReadTable(model, known["newest"])
        return await begin(connection, model)


async def begin(connection: asyncpg.Connection, model: ReadModel) -> ReadTable:
    """A new, empty generation beside the shown one."""
    number = await connection.fetchval(
        "update log.read_model set newest = newest + 1, newest_fingerprint = $2 where name = $1 returning newest",
        model.name,
        fingerprint(model),
    )
    table = ReadTable(model, number)
    await table.create(connection)
    return table


async def _first(connection: asyncpg.Connection, model: ReadModel) -> ReadTable:
    table = ReadTable(model, 1)
    await table.create(connection)
    await connection.execute(
        "insert into log.read_model (name, shown, newest, fingerprint, newest_fingerprint) values ($1, 1, 1, $2, $2)",
        model.name,
        fingerprint(model),
    )
    await table.show(connection)
    return table


async def shown_position(connection: asyncpg.Connection, tenant: str, model: ReadModel, source: str) -> int:
    """How far along the source's log the shown rows of a model are, by what this very transaction sees."""
    at: int | None = await connection.fetchval(
        "select c.position from log.read_model m join log.checkpoint c on c.consumer = m.name || '__' || m.shown"
        " where m.name = $1 and c.source = $2 and c.tenant = $3",
        model.name,
        source,
        tenant,
    )
    return at or 0
