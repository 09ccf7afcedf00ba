"""A request goes on to its service and the answer comes back, both streamed, neither held whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import cast

import httpx
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from deploy.gateway.errors import ServiceAway, ServiceSilent
from deploy.gateway.headers import back, has_body, onward
from shared.adapters.http.body_limits import Bounded, Timed, length_of
from shared.adapters.logging import get_logger
from shared.adapters.settings import Settings

CONNECTIONS = 100
"""To one service at once: one that hangs takes no connection from the others."""
KEPT_CONNECTIONS = 32
KEPT_SECONDS = 3.0
"""Less than uvicorn keeps them: a connection is given up here before it is closed there."""
TIMEOUT = httpx.Timeout(connect=2.0, pool=5.0, write=30.0, read=120.0)
"""Seconds; `read` is from one part of an answer to the next: the recomputing of a chain begins late."""

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_log = get_logger("suyuan.gateway")


class Proxy:
    """`upstreams`: service → base URL. The mapping may change while this runs; a service that isn't in it is away."""

    def __init__(self, upstreams: Mapping[str, str], settings: Settings) -> None:
        self._upstreams = upstreams
        self._settings = settings
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def ask(self, service: str, path: str, seconds: float) -> httpx.Response:
        """A question of the gateway's own, the answer whole. Raises httpx.TransportError, ServiceAway."""
        request = httpx.Request("GET", f"{self._base(service)}{path}", extensions={"timeout": _timeout(seconds)})
        response = await self._transport(service).handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    async def forward(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ServiceAway, ServiceSilent, BodyTooLarge, BodyTooSlow while nothing was answered yet."""
        settings = self._settings
        length_of(dict(scope["headers"]), settings.max_upload_bytes)
        incoming = _Incoming(Bounded(Timed(receive, settings.body_seconds), settings.max_upload_bytes), scope)
        answering = asyncio.create_task(self._answer(service, scope, incoming, send))
        leaving = asyncio.create_task(incoming.left())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                await answering
        finally:
            for task in (answering, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError, ClientDisconnect):
                await leaving
            with suppress(asyncio.CancelledError, Exception):
                await answering

    async def _answer(self, service: str, scope: Scope, incoming: _Incoming, send: Send) -> None:
        response = await self._asked(service, scope, incoming)
        try:
            await send(
                {"type": "http.response.start", "status": response.status_code, "headers": back(response.headers.raw)}
            )
            async for chunk in cast("httpx.AsyncByteStream", response.stream):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx.TransportError as problem:
            # the answer stays without its end, so that the server closes the connection and the client can tell
            _log.warning("an answer broke off", service=service, problem=type(problem).__name__)
        finally:
            await response.aclose()

    async def _asked(self, service: str, scope: Scope, incoming: _Incoming) -> httpx.Response:
        """The head of the answer. What can be asked twice is, where a kept connection turned out to be closed."""
        transport, again = self._transport(service), scope["method"] in _SAFE and not incoming.has_body
        while True:
            try:
                return await transport.handle_async_request(self._request(service, scope, incoming))
            except _NOTHING_SENT as problem:
                _log.warning("a service is away", service=service, problem=type(problem).__name__)
                raise ServiceAway(service=service) from problem
            except httpx.TransportError as problem:
                if again and not isinstance(problem, httpx.TimeoutException):
                    again = False
                    continue
                _log.warning("a service is silent", service=service, problem=type(problem).__name__)
                raise ServiceSilent(service=service) from problem

    def _request(self, service: str, scope: Scope, incoming: _Incoming) -> httpx.Request:
        query: bytes = scope["query_string"]
        target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
        return httpx.Request(
            scope["method"],
            self._base(service),
            headers=onward(scope),
            stream=incoming if incoming.has_body else httpx.ByteStream(b""),
            extensions={"target": target, "timeout": TIMEOUT.as_dict()},
        )

    def _base(self, service: str) -> str:
        try:
            return self._upstreams[service]
        except KeyError:
            raise ServiceAway(service=service) from None

    def _transport(self, service: str) -> httpx.AsyncHTTPTransport:
        """Bare: a client would keep cookies of one caller for the next, follow redirects, and add headers."""
        if service not in self._transports:
            limits = httpx.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=KEPT_CONNECTIONS, keepalive_expiry=KEPT_SECONDS
            )
            self._transports[service] = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        return self._transports[service]


class _Incoming(httpx.AsyncByteStream):
    """The client's body as it comes; then the wait for the client to leave."""

    def __init__(self, receive: Receive, scope: Scope) -> None:
        self._receive = receive
        self.has_body = has_body(scope)
        self._whole = asyncio.Event()
        if not self.has_body:
            self._whole.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        self._whole.set()

    async def left(self) -> None:
        """Return once the client has gone, after the whole of its body was read."""
        await self._whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _timeout(seconds: float) -> dict[str, float | None]:
    return httpx.Timeout(seconds).as_dict()
