"""Capture of MES/WMS/SRM facts: a CSV file to anchored rows, beside COPY of the same stored rows into a plain table."""

from __future__ import annotations

import time
from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

import asyncpg

from benchmarks.commands import AT
from benchmarks.rig import TENANT, Rig, Rows, Service, beside, in_turns
from deploy.embedded.postgres import ConnectArgs
from services.investigation.application.capture import Capture
from services.investigation.domain.facts.document import parse
from services.investigation.readmodels.fact_rows import FactRows
from shared.kernel.ids import new_id
from shared.kernel.memory import OpenVault
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor

ROWS = 20_000
MAPPING = parse(
    {
        "mapping": "bench-wms",
        "version": 1,
        "kind": "shipment",
        "system": "WMS",
        "source": "WMS-1",
        "time_zone": "Asia/Shanghai",
        "fields": {
            "shipment": {"column": "no"},
            "lot": {"column": "lot"},
            "product": {"column": "product"},
            "customer": {"column": "dealer"},
            "quantity": {"column": "qty", "type": "decimal"},
            "shipped_at": {"column": "out", "type": "datetime", "format": "%Y-%m-%d %H:%M"},
        },
    }
)
_PLAIN = "create table plain as select * from facts.row with no data"


def export(turn: int, rows: int) -> BinaryIO:
    """What a warehouse system would export, on disk; no two turns have a shipment in common."""
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(b"no,lot,product,dealer,qty,out\n")
    for nth in range(rows):
        out = AT - timedelta(minutes=nth)
        line = f"S{turn}-{nth},FG-{nth // 20:05},PC-{nth % 5},D-{nth % 97:02},{nth % 9 + 1},{out:%Y-%m-%d %H:%M}\n"
        file.write(line.encode())
    return file


def _context() -> Context:
    made = new_id()
    return Context(
        tenant=TENANT,
        actor=Actor(subject="u-1"),
        now=AT,
        key=Key("capture", str(made), b"f"),
        command_id=made,
        correlation_id=made,
    )


async def captured(service: Service, turn: int, rows: int = ROWS) -> float:
    """Rows a second of one file."""
    capture = Capture(FactRows(service.pool), service.store, OpenVault())
    with export(turn, rows) as source:
        start = time.perf_counter()
        done = await capture.capture(_context(), MAPPING, source)
        taken = time.perf_counter() - start
    assert (done.captured.rows, done.captured.refused_rows) == (rows, 0)
    return rows / taken


async def _copied(dsn: ConnectArgs, rows: list[asyncpg.Record]) -> float:
    connection = await asyncpg.connect(**dsn)
    await connection.execute("truncate plain")
    start = time.perf_counter()
    await connection.copy_records_to_table("plain", records=rows)
    taken = time.perf_counter() - start
    await connection.close()
    return len(rows) / taken


async def measure(rig: Rig) -> Rows:
    turns = iter(range(1, 100))
    async with rig.service("investigation") as service:
        await captured(service, 0)
        rows = [tuple(row) for row in await service.pool.fetch("select * from facts.row")]
        bare = rig.postgres.dsn(service.dsn["database"], "postgres")
        owner = await asyncpg.connect(**bare)
        await owner.execute(_PLAIN)
        await owner.close()
        mine, theirs = await in_turns(lambda: captured(service, next(turns)), lambda: _copied(bare, rows), turns=5)
    note = f"{ROWS:,} rows from CSV bytes to the anchoring event; reference: asyncpg COPY of the stored rows"
    return {"capture of facts": beside(mine, theirs, unit="rows/s", least=0.25, note=note)}
