"""The system that the sweeps speak to, over HTTP alone: embedded, four processes and a Kafka, or the one named.

`SUYUAN_URL` selects a system that runs already; `SUYUAN_DATA_DIR` is then the folder with the key of its tokens.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.kernel.clock import system_clock
from tests.integration.app import RunningApp
from tests.integration.documented import Held

NAMED = os.environ.get("SUYUAN_URL")
UNCOUNTED = {"SUYUAN_REQUESTS_PER_SECOND": "0"}
"""Sweeps ask faster than any person."""


@dataclass
class Target:
    """`client(role)` speaks as somebody of that role and tenant; `document()` is the OpenAPI document of the system."""

    client: Callable[..., httpx.AsyncClient]
    document: Callable[[], dict[str, Any]]
    held: Held

    @classmethod
    def of(cls, app: RunningApp) -> Target:
        return cls(app.client, app.document, app.held)


@asynccontextmanager
async def at(url: str, folder: Path) -> AsyncIterator[Target]:
    """A system that answers at this address; `folder` has the key of its tokens."""
    issuer = LocalIssuer(embedded_settings(folder), system_clock)
    document = httpx.get(f"{url}/openapi.json", timeout=30).json()
    held = Held(lambda: document)
    clients: dict[object, httpx.AsyncClient] = {}

    def client(role, tenant="t1", subject=None, language="en", parties=()):
        known = clients.get((role, tenant, subject, language, parties))
        if known is not None:  # a client is a pool of connections
            return known
        headers = {"Accept-Language": language}
        if role is not None:
            headers["Authorization"] = f"Bearer {issuer.token([role], tenant=tenant, subject=subject, parties=parties)}"
        made = httpx.AsyncClient(base_url=url, headers=headers, timeout=30)
        made.event_hooks["response"].append(held)
        clients[role, tenant, subject, language, parties] = made
        return made

    try:
        yield Target(client, lambda: document, held)
    finally:
        for made in clients.values():
            await made.aclose()
