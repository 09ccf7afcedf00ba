"""ASGI applications on real sockets in the test's own loop: what the gateway speaks to, and the gateway itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from deploy.serving import listening, server_of

FLOOD = 40_000_000

METRICS = """# HELP asked_total n
# TYPE asked_total counter
asked_total 1.0
# HELP s n
# TYPE s gauge
s{service="NAME"} 2.0
"""


@asynccontextmanager
async def served(*apps: Any) -> AsyncIterator[list[str]]:
    """Their base URLs while they answer."""
    places = [listening(0) for _ in apps]
    urls = [f"http://127.0.0.1:{place.getsockname()[1]}" for place in places]
    servers = [server_of(app) for app in apps]
    running = [asyncio.create_task(each.serve(sockets=[place])) for each, place in zip(servers, places, strict=True)]
    try:
        for each in servers:
            await each.answering()
        yield urls
    finally:
        for each in servers:
            each.end()
        await asyncio.gather(*running)


class Behind:
    """A service process as the gateway meets it: it says what it was sent, and does what a path asks of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        checks = {f"{name}.postgres": "ok"}
        self.ready: tuple[int, bytes] = (200, json.dumps({"status": "ok", "checks": checks}).encode())
        self.metrics = METRICS.replace("NAME", name)
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        request = Request(scope, receive)
        does = scope["path"].rpartition("/")[2]
        answer = getattr(self, f"_{does}", self._echo)
        if scope["path"] == "/health/ready":
            answer = self._ready
        elif scope["path"] == "/metrics":
            answer = self._metrics
        response = await answer(request)
        if response is not None:
            await response(scope, receive, send)

    async def _ready(self, _: Request) -> Response:
        return Response(self.ready[1], self.ready[0])

    async def _metrics(self, _: Request) -> Response:
        return Response(self.metrics)

    async def _echo(self, request: Request) -> Response:
        told = {
            "service": self.name,
            "method": request.method,
            "target": (request.scope["raw_path"] + b"?" + request.scope["query_string"]).decode(),
            "headers": [[name.decode(), value.decode()] for name, value in request.scope["headers"]],
            "body": (await request.body()).decode("latin-1"),
            "client": request.client.host if request.client else None,
        }
        headers = {"ETag": '"3"', "Connection": "x-mine", "X-Mine": "1", "Set-Cookie": "a=1"}
        return JSONResponse(told, 201, headers)

    async def _drip(self, _: Request) -> Response:
        """The first line at once, the next when the test says so."""

        async def lines() -> AsyncIterator[bytes]:
            yield b"1\n"
            await self.go_on.wait()
            yield b"2\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def _flood(self, _: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(FLOOD // 100_000):
                self.taken += 100_000
                yield b"x" * 100_000

        return StreamingResponse(parts())

    async def _break(self, _: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            yield b"1\n"
            raise ConnectionError("in the middle of an answer")

        return StreamingResponse(lines())

    async def _swallow(self, request: Request) -> Response | None:
        """Takes a body part by part."""
        try:
            async for part in request.stream():
                self.taken += len(part)
                self.began.set()
        except ClientDisconnect:
            self.left.set()
            return None
        return JSONResponse(self.taken)

    async def _refuse(self, _: Request) -> Response:
        """Answers without reading the body."""
        return Response(b"too large", 413, {"Connection": "close"})

    async def _hang(self, request: Request) -> None:
        self.began.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.left.set()
