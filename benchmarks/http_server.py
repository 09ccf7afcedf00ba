"""The two servers of the HTTP row, each alone in its process: `python -m benchmarks.http_server`.

One line of JSON on standard input says which (`ours` or `bare`), the database and the folder; the port is the first
line printed. Both are uvicorn on uvloop and httptools, as production is.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.commands import EVENT
from benchmarks.rig import TENANT
from deploy.embedded.system import secrets_of, wired
from deploy.serving import listening
from deploy.settings import embedded_settings
from shared.adapters.collector import collect_rarely
from shared.adapters.http.app import build_app
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id
from shared.kernel.memory import MemoryStore

CONNECTIONS = 10
_INSERT = "insert into event values ($1, nextval('place'), $2, 1, now(), $3, $4, $5, $6)"


class Customer(BaseModel):
    name: str
    phone: str | None = None
    email: str | None = None
    account: str | None = None


class Item(BaseModel):
    product: str
    quantity_affected: Decimal
    lot: str | None = None
    defect_codes: tuple[str, ...] = ()


class Form(BaseModel):
    """The form that is sent, as plainly as pydantic says it."""

    channel: str
    customer: Customer
    description: str
    items: list[Item]
    occurred_where: str | None = None
    harm: str = "none"


def ours(dsn: dict[str, Any], folder: Path) -> FastAPI:
    """Intake as it is served, with its read models and timers at work; the other services' logs are empty."""
    settings = embedded_settings(folder, requests_per_second=0)  # the peer counts nobody's requests either
    elsewhere = {service: MemoryStore(service, system_clock) for service in SERVICES if service != "intake"}
    runtimes = wired(settings, secrets_of(folder), {"intake": dsn}, system_clock, elsewhere)
    return build_app(list(runtimes.values()), settings)


def bare(dsn: dict[str, Any]) -> FastAPI:
    """FastAPI as its tutorial has it: the same form by pydantic, and one committed INSERT of an event's size."""
    made: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(**dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            made.append(pool)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/v1/complaints", status_code=201)
    async def register(body: Form) -> dict[str, str]:
        stream = f"complaint-{new_id()}"
        data = body.model_dump_json().encode()
        await made[0].execute(_INSERT, TENANT, stream, EVENT.type, bytes(32), EVENT.meta, data)
        return {"id": stream}

    return app


async def _serve(told: dict[str, Any], place: socket.socket) -> None:
    """Pools belong to the loop that runs when they are made."""
    app = ours(told["dsn"], Path(told["folder"])) if told["which"] == "ours" else bare(told["dsn"])
    collect_rarely()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", http="httptools")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[place]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    print(place.getsockname()[1], flush=True)
    await serving


def main() -> None:
    uvloop.run(_serve(json.loads(sys.stdin.readline()), listening(0)))


if __name__ == "__main__":
    main()
