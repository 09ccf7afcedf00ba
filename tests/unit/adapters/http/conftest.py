"""A small application with one route of each kind, in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from shared.adapters.http.answers import answers, done, listed, view
from shared.adapters.http.app import build_app
from shared.adapters.http.body import Amount, Body, Code, Count, Line, Moment, Words
from shared.adapters.http.conventions import Creating, Paging, Reading, ReadingAsOf, Writing, keyed_by
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.http.policy import policy, public
from shared.adapters.settings import Settings
from shared.kernel.clock import system_clock
from shared.kernel.ports import Appended

ID = "01934d2e-7a00-7000-8000-000000000001"


class Item(Body):
    lot: Code
    quantity: Count


class Register(Body):
    title: Line
    severity: Literal["minor", "major"]
    heard_at: Moment
    product: UUID | None = None
    price: Amount | None = None
    note: Words | None = None
    items: tuple[Item, ...] = ()


class Demo:
    """Stands where a service stands: its routes keep what they got in `seen`."""

    name = "intake"

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/api/v1", tags=["intake"], dependencies=[answers(dict[str, Any])])
        self.seen: list = []
        self.error: Exception | None = None
        self.state = {"postgres": "ok"}
        self._routes(self.router)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        yield

    async def health(self) -> dict[str, str]:
        return self.state

    def _routes(self, router: APIRouter) -> None:
        staff = policy("service_agent", "admin")

        @router.post("/complaints", operation_id="register", status_code=201, dependencies=[staff])
        async def register(body: Register, context: Creating) -> Response:
            self.seen.append((body, context))
            return done("intake", Appended("complaint-1", 1, 120, b'{"id":"1"}'), status=201)

        @router.get("/complaints", operation_id="list", dependencies=[staff])
        async def complaints(read: Reading, page: Paging, state: Annotated[str | None, Query()] = None) -> Response:
            self.seen.append((read, page.after, state))
            return listed([{"price": Decimal("1.50")}], page.next_cursor("2026-01-01", ID), {"intake": 7})

        @router.get("/complaints/{id_}", operation_id="one", dependencies=[policy("auditor", "service_agent")])
        async def one(id_: UUID, read: ReadingAsOf) -> Response:
            self.seen.append((id_, read))
            return view({"id": id_}, version=3, positions={"intake": 7, "capa": 2})

        @router.post("/complaints/{id_}/acknowledge", operation_id="acknowledge", dependencies=[staff])
        async def acknowledge(id_: UUID, context: Writing) -> Response:
            self.seen.append((id_, context))
            return done("intake", Appended(f"complaint-{id_}", 2, 121, b"{}"))

        @router.post("/complaints/{id_}/attachments", operation_id="attach", dependencies=[staff])
        async def attach(id_: UUID, file: Annotated[UploadFile, File()], context: Creating) -> Response:
            self.seen.append((id_, await file.read(), file.filename, keyed_by(context, b"hash")))
            return Response(status_code=204)

        raw = {"requestBody": {"content": {"text/csv": {}}}}

        @router.post("/trace/import", operation_id="import", dependencies=[staff], openapi_extra=raw)
        async def import_(request: Request) -> Response:
            size = 0
            async for chunk in request.stream():
                size += len(chunk)
            return view({"bytes": size})

        @router.get("/fails", operation_id="fails", dependencies=[public("a test")])
        async def fails() -> Response:
            raise self.error or RuntimeError("secret inside")

        @router.post("/fails", operation_id="failsToWrite", dependencies=[staff])
        async def fails_to_write(context: Writing) -> Response:
            self.seen.append(context)
            raise self.error or RuntimeError("secret inside")


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        web_dir=tmp_path / "web",
        max_upload_bytes=1000,
        max_body_bytes=20_000,
        requests_per_second=0,
    )


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest.fixture
def issuer(settings) -> LocalIssuer:
    return LocalIssuer(settings, system_clock)


@pytest.fixture
def app(demo, settings):
    return build_app([demo], settings)


@pytest.fixture
async def anyone(app) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
async def agent(anyone, issuer) -> httpx.AsyncClient:
    """A client with the token of a service agent of tenant acme."""
    anyone.headers["Authorization"] = f"Bearer {issuer.token(['service_agent'], tenant='acme', subject='u-1')}"
    return anyone


@pytest.fixture
def good() -> dict:
    return {"title": "漏液", "severity": "major", "heard_at": "2026-01-02T03:04:05+08:00"}


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)
