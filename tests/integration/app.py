"""The services as an application, on the session's Postgres, spoken to in process over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from deploy.embedded.databases import ServiceDatabase, ensure_service_database
from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from deploy.embedded.system import migrated, secrets_of, wired
from deploy.settings import embedded_settings
from shared.adapters.http.app import build_app
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import Clock, system_clock
from shared.kernel.memory import MemoryStore
from tests.containers import ContainedPostgres
from tests.integration.documented import Held

_numbers = itertools.count(1)


@dataclass
class Clockwork:
    """A clock that a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class RunningApp:
    """`client(role)` speaks as somebody of that role and tenant; subjects differ by role unless named.

    `elsewhere` are the logs of the services that don't run here: append what they are to have said. `document()` is
    the OpenAPI document, which `held` holds every good answer to.
    """

    runtimes: dict[str, Runtime]
    databases: dict[str, ServiceDatabase]
    folder: Path
    client: Callable[..., httpx.AsyncClient]
    elsewhere: dict[str, MemoryStore]
    document: Callable[[], dict[str, Any]]
    held: Held


@asynccontextmanager
async def running_app(
    postgres: EmbeddedPostgres | ContainedPostgres,
    folder: Path,
    services: tuple[str, ...] = SERVICES,
    clock: Clock = system_clock,
    databases: Mapping[str, ServiceDatabase] | None = None,
    **settings_of_its_own: Any,
) -> AsyncIterator[RunningApp]:
    """Fresh databases, dropped afterwards, unless some that live longer are given.

    The lifespan runs as under a server: consumers work in the background.

    Sweeps ask faster than any person: requests are not counted unless `requests_per_second` is given.
    """
    number = next(_numbers)
    fresh = [service for service in services if databases is None]
    made_here = {s: await ensure_service_database(postgres, s, database=f"app_{s}_{number}") for s in fresh}
    databases = made_here | dict(databases or {})
    for service, database in databases.items():
        await migrated(service, database)
    settings = embedded_settings(folder, **{"requests_per_second": 0, **settings_of_its_own})
    elsewhere = {service: MemoryStore(service, clock) for service in SERVICES if service not in services}
    dsns = {service: dict(database.runtime) for service, database in databases.items()}
    runtimes = wired(settings, secrets_of(folder), dsns, clock, elsewhere)
    app = build_app(list(runtimes.values()), settings, clock=clock)
    issuer = LocalIssuer(settings, clock)
    clients: list[httpx.AsyncClient] = []
    held = Held(app.openapi)

    def client(role, tenant="t1", subject=None, language="en", parties=()):
        headers = {"Accept-Language": language}
        if role is not None:
            headers["Authorization"] = f"Bearer {issuer.token([role], tenant=tenant, subject=subject, parties=parties)}"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        made = httpx.AsyncClient(transport=transport, base_url="http://suyuan.test", headers=headers, timeout=30)
        made.event_hooks["response"].append(held)
        clients.append(made)
        return made

    try:
        async with app.router.lifespan_context(app):
            yield RunningApp(dict(runtimes), dict(databases), folder, client, elsewhere, app.openapi, held)
    finally:
        for made in clients:
            await made.aclose()
        server = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
        for database in made_here.values():
            await server.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
        await server.close()
