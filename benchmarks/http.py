"""A command over HTTP end to end: token, checks, load, decide, seal, append; beside bare FastAPI with one INSERT."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import raw
from benchmarks.rig import TENANT, Rig, Rows, beside, in_turns, quantile, skipped
from deploy.embedded.system import secrets_of
from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.kernel.clock import system_clock

CONNECTIONS = 32
NAME = "HTTP command, 32 connections"
FORM: dict[str, Any] = {
    "channel": "phone",
    "customer": {"name": "王小明", "phone": "13800001111", "email": "wang@example.test", "account": "D-07"},
    "description": "加热后锅盖漏气，发出啸叫。",
    "items": [{"product": "PC-5", "lot": "FG-0042", "quantity_affected": "2", "defect_codes": ["LEAK"]}],
    "occurred_where": "上海市某某路 12 号",
    "harm": "none",
}


@asynccontextmanager
async def server(which: str, dsn: dict[str, Any], folder: Path) -> AsyncIterator[tuple[Process, int]]:
    """The server's process and its port; ended politely."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.http_server", stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"which": which, "dsn": dsn, "folder": str(folder)}).encode() + b"\n")
    try:
        yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def load(port: int, headers: dict[str, str], seconds: float) -> dict[str, float]:
    words = ("-m", "benchmarks.http_client", str(port), str(CONNECTIONS), str(seconds))
    client = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
    said, _ = await client.communicate(json.dumps({"headers": headers, "body": FORM}).encode())
    assert client.returncode == 0, "the load client failed"
    found: dict[str, float] = json.loads(said)
    return found


async def measure(rig: Rig) -> Rows:
    if find_spec("services.intake.main") is None:
        return {NAME: skipped(">= 1x", "requests/s", "intake has no HTTP yet")}
    folder = rig.folder / "http"
    secrets_of(folder)
    token = LocalIssuer(embedded_settings(folder), system_clock).token(["service_agent"], tenant=TENANT)
    headers = {"Authorization": f"Bearer {token}"}
    waits: list[tuple[float, float]] = []

    async def ours() -> float:
        found = await load(port, headers, rig.seconds)
        waits.append((found["p50_ms"], found["p99_ms"]))
        return found["rate"]

    async def reference() -> float:
        return (await load(bare_port, headers, rig.seconds))["rate"]

    async with rig.service() as service, rig.plain_database() as plain:
        await raw.make(plain)
        async with (
            server("ours", dict(service.dsn), folder) as (_, port),
            server("bare", dict(plain), folder) as (_, bare_port),
        ):
            await ours()
            mine, theirs = await in_turns(ours, reference)
    p50, p99 = (quantile([wait[n] for wait in waits[1:]], 0.5) for n in (0, 1))
    note = f"complaint registration, {p50:.1f} ms p50, {p99:.1f} ms p99; reference: the same form, one INSERT"
    return {NAME: beside(mine, theirs, unit="requests/s", least=1, note=note)}
