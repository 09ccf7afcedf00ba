"""Projections: the read model's rows and its checkpoint, event by event, and the rebuild beside live traffic."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from benchmarks.commands import AT, TERMS, History
from benchmarks.peer import Complaints, environment, fill, projected
from benchmarks.rig import TENANT, Rig, Rows, Service, alone, beside, in_turns
from shared.adapters.postgres.projector import BATCH, Projector
from shared.adapters.postgres.rebuild import rebuild
from shared.contracts.intake.complaint import ResolutionOffered
from shared.kernel.readmodel import Column, ReadModel, RowKey
from shared.kernel.readmodel import Rows as Folded
from shared.kernel.recorded import Recorded

HISTORY = History(events=30_000, streams=10_000)
PEER_EVENTS = 2_000
REBUILT = History(events=100_000, streams=25_000)


def _touches(recorded: Recorded) -> list[RowKey]:
    return [(recorded.meta.stream,)]


def _apply(rows: Folded, recorded: Recorded) -> None:
    match recorded.event:
        case ResolutionOffered(resolution_no=number, terms=terms, respond_by=respond_by):
            stream = recorded.meta.stream
            row = rows.get(stream) or {"stream": stream, "sum": 0}
            rows.put(row | {"terms": terms, "sum": row["sum"] + number, "respond_by": respond_by})


def model(name: str = "offers") -> ReadModel:
    """Each complaint's last offer and the sum of their numbers: the peer's view has the same columns."""
    return ReadModel(
        name=name,
        sources=frozenset({"intake"}),
        columns=(
            Column("stream", "text", nullable=False),
            Column("terms", "text"),
            Column("sum", "integer"),
            Column("respond_by", "timestamptz"),
        ),
        key=("stream",),
        touches=_touches,
        apply=_apply,
    )


_PLAIN = """
create table offers (tenant text not null, stream text not null, terms text, sum integer, respond_by timestamptz,
primary key (tenant, stream)) with (fillfactor = 80)"""
_UPSERT = """
insert into offers (tenant, stream, terms, sum, respond_by)
select $1, s, t, n, a from unnest($2::text[], $3::text[], $4::integer[], $5::timestamptz[]) u(s, t, n, a)
on conflict (tenant, stream) do update set terms = excluded.terms, sum = excluded.sum, respond_by = excluded.respond_by
"""


async def _projected(service: Service, name: str) -> float:
    """A new read model's whole way over the log, checkpoint with each batch."""
    projector = Projector(service.derived, model(name), {"intake": service.log})
    await projector.start()
    start, done = time.perf_counter(), 0
    while count := await projector.advance("intake", TENANT):
        done += count
    taken = time.perf_counter() - start
    rows, parked = await service.derived.fetchrow(
        f'select (select count(*) from read."{name}"), (select count(*) from log.parked)'  # noqa: S608 - our own name
    )
    assert (done, rows, parked) == (HISTORY.events, HISTORY.streams, 0)
    return done / taken


async def _upserted(dsn: dict[str, object]) -> float:
    """The same streams in the same order as bare upserts of 1,000 rows, committed as lazily as read models are."""
    connection = await asyncpg.connect(**dsn, server_settings={"synchronous_commit": "off"})
    await connection.execute("drop table if exists offers")
    await connection.execute(_PLAIN)
    statement = await connection.prepare(_UPSERT)
    start = time.perf_counter()
    for first in range(0, HISTORY.events, BATCH):
        streams = [HISTORY.stream(nth) for nth in range(first, first + BATCH)]
        await statement.fetch(TENANT, streams, [TERMS] * BATCH, [1] * BATCH, [AT] * BATCH)
    taken = time.perf_counter() - start
    await connection.close()
    return HISTORY.events / taken


async def measure(rig: Rig) -> Rows:
    names = iter(range(100))
    async with rig.service() as service, rig.plain_database() as peers:
        await HISTORY.write(service)
        application = await asyncio.to_thread(Complaints, env=environment(peers))
        await asyncio.to_thread(fill, application, PEER_EVENTS, 20)
        application.close()
        runner = await asyncio.to_thread(projected, peers, PEER_EVENTS)
        mine, bare = await in_turns(
            lambda: _projected(service, f"offers_{next(names)}"), lambda: _upserted(dict(peers)), turns=5
        )
    unit, size = "events/s", f"{HISTORY.events:,} events over {HISTORY.streams:,} rows, batches of {BATCH}"
    return {
        "projection, vs eventsourcing": beside(
            mine, [runner] * len(mine), unit=unit, least=40, note=f"{size}; ProjectionRunner on {PEER_EVENTS:,} events"
        ),
        "projection, vs raw upsert": beside(
            mine, bare, unit=unit, least=0.6, note=f"{size}; the reference neither reads nor decodes nor checkpoints"
        ),
        **await _rebuilt(rig),
    }


async def _rebuilt(rig: Rig) -> Rows:
    """Catch up, compare, switch."""
    async with rig.service() as service:
        await REBUILT.write(service)
        live = Projector(service.derived, model(), {"intake": service.log})
        await live.start()
        while await live.advance("intake", TENANT):
            pass
        start = time.perf_counter()
        done = await rebuild(service.derived, model(), {"intake": service.log}, _unheard)
        figure = done.events / (time.perf_counter() - start)
    note = f"one read model, {REBUILT.events:,} events, with the comparison and the switch"
    return {"rebuild": alone(figure, unit="events/s", sense=">=", goal=20_000, note=note)}


def _unheard(done: int, total: int) -> None:
    del done, total
