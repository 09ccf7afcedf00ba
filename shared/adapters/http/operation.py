"""`/health/live`, `/health/ready`, `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec
from fastapi import APIRouter, Response

from shared.adapters import metrics
from shared.adapters.http.policy import public
from shared.adapters.logging import get_logger

OK = "ok"
HEALTH_SECONDS = 2.0

_log = get_logger("suyuan.health")


class Probed(Protocol):
    """What can be asked how it is."""

    @property
    def name(self) -> str: ...

    async def health(self) -> Mapping[str, str]:
        """Each dependency's state: `ok`, with what somebody should look at after it, or a few words without it."""
        ...


class Service(Probed, Protocol):
    """What an application is built of. `router` has the full paths; `lifespan` holds the service's resources."""

    @property
    def router(self) -> APIRouter: ...

    def lifespan(self) -> AbstractAsyncContextManager[object]: ...


async def own_exposition() -> bytes:
    """The metrics of this process."""
    return metrics.exposition()


def operation_router(services: Sequence[Probed], exposed: Callable[[], Awaitable[bytes]] = own_exposition) -> APIRouter:
    router = APIRouter(
        include_in_schema=False,
        dependencies=[public("probes and scrapers carry no token; keep them off the internet", limited=False)],
    )

    @router.get("/health/live", operation_id="live")
    async def live() -> Response:
        return _json({"status": OK}, 200)

    @router.get("/health/ready", operation_id="ready")
    async def ready() -> Response:
        states = await asyncio.gather(*(_state(service) for service in services))
        checks = {
            f"{service.name}.{name}": state
            for service, found in zip(services, states, strict=True)
            for name, state in found.items()
        }
        good = all(state.partition(" ")[0] == OK for state in checks.values())
        return _json({"status": OK if good else "down", "checks": checks}, 200 if good else 503)

    @router.get("/metrics", operation_id="metrics")
    async def exposition() -> Response:
        return Response(await exposed(), media_type=metrics.CONTENT_TYPE)

    return router


async def _state(service: Probed) -> Mapping[str, str]:
    try:
        return await asyncio.wait_for(service.health(), HEALTH_SECONDS)
    except TimeoutError:
        return {"health": f"no answer in {HEALTH_SECONDS:.0f} s"}
    except Exception:  # noqa: BLE001 - a service that can't even say so isn't ready; the log has the reason
        _log.exception("health check failed", service=service.name)
        return {"health": "failed"}


def _json(body: object, status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
