"""One port before the four service processes: their API, and the pages, health and metrics of all of them together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any

from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.gateway.proxy import Proxy
from deploy.gateway.table import Table
from deploy.gateway.upstream import Upstream, expositions
from shared.adapters.http.app import DESCRIPTION, SECRET_BYTES, VERSION, SuyuanApp
from shared.adapters.http.auth import Authenticator
from shared.adapters.http.call import Edge
from shared.adapters.http.edge import EdgeMiddleware
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.http.keys import FixedKeys
from shared.adapters.http.login import login_router
from shared.adapters.http.operation import operation_router
from shared.adapters.http.pages import pages_router
from shared.adapters.http.rate import Limiter, Rate
from shared.adapters.settings import Settings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import Clock, system_clock
from shared.kernel.errors import SuyuanError

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
"""The merged document, held to the code by `make check`: whoever only passes requests on loads no service for it."""

_REFUSAL = "suyuan.gateway.refusal"


def gateway_app(
    table: Table,
    upstreams: Mapping[str, str],
    settings: Settings,
    *,
    issuer: LocalIssuer | None = None,
    clock: Clock = system_clock,
) -> ASGIApp:
    """`upstreams`: service → base URL, read anew for every request. With an `issuer` there is `/dev/login`."""
    proxy = Proxy(upstreams, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        proxy.close()

    own = SuyuanApp(
        _edge(settings, clock), title="Suyuan 溯源", version=VERSION, description=DESCRIPTION, lifespan=lifespan
    )
    services = [Upstream(name, proxy) for name in SERVICES]
    own.include_router(operation_router(services, lambda: expositions(services)))
    own.include_router(pages_router(_document, settings.web_dir, has_login=issuer is not None))
    if issuer is not None:
        own.include_router(login_router(issuer))
    return _Gateway(table, proxy, own)


class _Gateway:
    def __init__(self, table: Table, proxy: Proxy, own: SuyuanApp) -> None:
        self._table = table
        self._proxy = proxy
        self._own = own
        self._refuse = EdgeMiddleware(own.edge, _refused, own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = self._table.service_of(scope["path"]) if scope["type"] == "http" else None
        if service is None:
            await self._own(scope, receive, send)
            return
        try:
            await self._proxy.forward(service, scope, receive, send)
        except ClientDisconnect:
            return
        except SuyuanError as error:
            await self._refuse({**scope, _REFUSAL: error}, receive, send)


async def _refused(scope: Scope, _receive: Receive, _send: Send) -> None:
    """For the edge to put into words."""
    error: SuyuanError = scope[_REFUSAL]
    raise error


def _edge(settings: Settings, clock: Clock) -> Edge:
    """Whoever passes requests on knows no keys and keeps no secret: all that it serves itself is public."""
    authenticator = Authenticator(
        FixedKeys([]),
        issuer=settings.issuer,
        audience=settings.audience,
        leeway=settings.token_leeway_seconds,
        now=lambda: clock().timestamp(),
    )
    limiter = Limiter(Rate.of(settings.requests_per_second, settings.request_burst))
    return Edge(settings, authenticator, token_bytes(SECRET_BYTES), clock, limiter)


def _document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return read
