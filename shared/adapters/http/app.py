"""One ASGI application of one service (distributed) or of all four (embedded)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_bytes
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from shared.adapters.http.auth import Authenticator
from shared.adapters.http.call import Edge
from shared.adapters.http.dispatch import Dispatcher
from shared.adapters.http.edge import EdgeMiddleware
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.http.keys import FetchedKeys, KeySource, keys_from_file
from shared.adapters.http.login import login_router
from shared.adapters.http.openapi import document
from shared.adapters.http.operation import Service, operation_router
from shared.adapters.http.pages import pages_router
from shared.adapters.http.policy import assert_every_route_has_a_policy
from shared.adapters.http.rate import Limiter, Rate
from shared.adapters.private_file import given, kept
from shared.adapters.settings import Settings
from shared.adapters.telemetry import TELEMETRY
from shared.kernel.clock import Clock, system_clock

VERSION = "0.1.0"
SECRET_BYTES = 32
SECRET_FILE = "edge.secret"  # noqa: S105 - the file's name

DESCRIPTION = (
    "质量投诉溯源：事件即事实，视图可重建，责任可举证。\n\n"
    "Quality complaints, traced: events are the facts, views are rebuilt from them, responsibility is proven."
)
_QUIET: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class SuyuanApp(FastAPI):
    """FastAPI for what it declares and documents; requests go by the edge's own dispatcher."""

    def __init__(self, edge: Edge, **settings: Any) -> None:
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None, telemetry=_QUIET, **settings)
        self.edge = edge
        self._dispatcher: Dispatcher | None = None

    @property
    def dispatcher(self) -> Dispatcher:
        """Made once, when all routes are there. Raises where a route has no policy or can't be run."""
        if self._dispatcher is None:
            assert_every_route_has_a_policy(self.routes)
            self._dispatcher = Dispatcher(self.routes)
        return self._dispatcher

    def build_middleware_stack(self) -> ASGIApp:
        return EdgeMiddleware(self.edge, self.dispatcher, self.router)

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self.openapi_schema = document(self, self.dispatcher.entries, max_page=self.edge.settings.max_page)
        return self.openapi_schema


def build_app(
    services: Sequence[Service], settings: Settings, *, clock: Clock = system_clock, edge: Edge | None = None
) -> SuyuanApp:
    """Raises RouteWithoutPolicy, NotPlannable, TwoRoutes: an application that would be wrong is not built."""
    issuer = LocalIssuer(settings, clock) if settings.mode == "embedded" else None
    made = edge if edge is not None else edge_of(settings, clock, issuer)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        TELEMETRY.start(services[0].name if len(services) == 1 else settings.mode)
        try:
            async with AsyncExitStack() as stack:
                for service in services:
                    await stack.enter_async_context(service.lifespan())
                yield
        finally:
            TELEMETRY.stop()

    app = SuyuanApp(made, title="Suyuan 溯源", version=VERSION, description=DESCRIPTION, lifespan=lifespan)
    for service in services:
        app.include_router(service.router)
    app.include_router(operation_router(services))
    app.include_router(pages_router(app.openapi, settings.web_dir, has_login=issuer is not None))
    if issuer is not None:
        app.include_router(login_router(issuer))
    _ = app.dispatcher
    return app


def edge_of(settings: Settings, clock: Clock = system_clock, issuer: LocalIssuer | None = None) -> Edge:
    """The edge of these settings: the issuer's keys by URL or file, else (embedded mode) the local issuer's."""

    def seconds() -> float:
        return clock().timestamp()

    keys: KeySource
    if settings.jwks_url:
        keys = FetchedKeys(settings.jwks_url, now=seconds)
    elif settings.jwks_file:
        keys = keys_from_file(settings.jwks_file)
    else:
        keys = (issuer or LocalIssuer(settings, clock)).keys()
    authenticator = Authenticator(
        keys,
        issuer=settings.issuer,
        audience=settings.audience,
        leeway=settings.token_leeway_seconds,
        now=seconds,
    )
    limiter = Limiter(Rate.of(settings.requests_per_second, settings.request_burst))
    return Edge(settings, authenticator, secret_of(settings), clock, limiter)


def secret_of(settings: Settings) -> bytes:
    """What keys fingerprints and cursors; made in the data folder where none is given. Raises SecretBroken."""
    if settings.edge_secret_file is not None:
        return given(settings.edge_secret_file)
    if settings.edge_secret is not None:
        return settings.edge_secret.get_secret_value().encode()
    return kept(settings.data_dir / SECRET_FILE, lambda: token_bytes(SECRET_BYTES), SECRET_BYTES)
