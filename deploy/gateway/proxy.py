"""A request goes on to its service and the answer comes back, both streamed, neither held whole."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from deploy.gateway.connection import Broken, Connection
from deploy.gateway.errors import ServiceAway, ServiceSilent
from deploy.gateway.headers import Headers, back, has_body, onward
from deploy.gateway.pool import NotReached, Pool
from shared.adapters.http.body_limits import Bounded, Timed, length_of
from shared.adapters.http.edge_errors import EdgeError
from shared.adapters.logging import get_logger
from shared.adapters.settings import Settings

ANSWER_SECONDS = 120.0
"""From one part of an answer to the next: the recomputing of a chain begins late."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_log = get_logger("suyuan.gateway")


class Proxy:
    """`upstreams`: service → base URL. The mapping may change while this runs; a service that isn't in it is away."""

    def __init__(self, upstreams: Mapping[str, str], settings: Settings) -> None:
        self._upstreams = upstreams
        self._settings = settings
        self._pools: defaultdict[str, Pool] = defaultdict(Pool)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    async def ask(self, service: str, path: str, seconds: float) -> tuple[int, bytes]:
        """A question of the gateway's own: status and whole body. Raises ServiceAway, Broken, TimeoutError."""
        try:
            async with asyncio.timeout(seconds), self._pools[service].connection(self._base(service)) as connection:
                connection.begin("GET")
                connection.write(_head("GET", path.encode(), [(b"host", service.encode())]))
                status, _ = await connection.head(seconds)
                return status, b"".join([part async for part in connection.parts(seconds)])
        except NotReached:
            raise ServiceAway(service=service) from None

    async def forward(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ServiceAway, ServiceSilent, BodyTooLarge, BodyTooSlow while nothing was answered yet."""
        settings = self._settings
        length_of(dict(scope["headers"]), settings.max_upload_bytes)
        incoming = Bounded(Timed(receive, settings.body_seconds), settings.max_upload_bytes)
        first = await incoming()
        if first["type"] == "http.disconnect":
            raise ClientDisconnect
        exchange = _Exchange(service, scope, incoming, send, first)
        try:
            await self._exchanged(exchange, fresh=False)
        except Broken as broken:
            if broken.heard or not exchange.can_be_asked_again:
                raise exchange.silent(broken) from broken
            try:
                await self._exchanged(exchange, fresh=True)
            except Broken as again:
                raise exchange.silent(again) from again

    async def _exchanged(self, exchange: _Exchange, *, fresh: bool) -> None:
        service = exchange.service
        try:
            async with self._pools[service].connection(self._base(service), fresh=fresh) as connection:
                await exchange.run(connection)
        except NotReached as problem:
            _log.warning("a service is away", service=service, problem=str(problem))
            raise ServiceAway(service=service) from problem

    def _base(self, service: str) -> str:
        try:
            return self._upstreams[service]
        except KeyError:
            raise ServiceAway(service=service) from None


class _Exchange:
    """One request and its answer over a connection, while the client is listened to: its body, and its leaving."""

    def __init__(self, service: str, scope: Scope, receive: Receive, send: Send, first: Message) -> None:
        self.service = service
        self._scope = scope
        self._receive = receive
        self._send = send
        self._first = first
        self._refusal: EdgeError | ClientDisconnect | None = None
        self._chunked = has_body(scope) and not any(name == b"content-length" for name, _ in scope["headers"])
        self._began = False
        self._sent = False

    @property
    def can_be_asked_again(self) -> bool:
        """A kept connection may turn out to be closed; what changes nothing may be asked a second time."""
        return self._scope["method"] in _SAFE and not has_body(self._scope) and self._refusal is None

    def silent(self, problem: Exception) -> ServiceSilent:
        _log.warning("a service is silent", service=self.service, problem=type(problem).__name__)
        return ServiceSilent(service=self.service)

    async def run(self, connection: Connection) -> None:
        """Raises Broken and ServiceSilent while nothing was answered, and what the client's body was refused for."""
        scope = self._scope
        query: bytes = scope["query_string"]
        target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
        connection.begin(scope["method"])
        connection.write(_head(scope["method"], target, onward(scope)) + self._framed(self._first))
        listening = asyncio.create_task(self._listen(connection))
        try:
            await self._answer(connection)
        except (Broken, TimeoutError) as problem:
            if self._began:
                # the answer stays without its end, so that the server closes the connection and the client can tell
                if self._refusal is None:
                    _log.warning("an answer broke off", service=self.service, problem=type(problem).__name__)
            elif self._refusal is not None:
                raise self._refusal from None
            elif isinstance(problem, TimeoutError):
                raise self.silent(problem) from problem
            else:
                raise
        finally:
            listening.cancel()
            if not self._sent:  # answered before the body's end: what else comes here is no request
                connection.close()

    async def _answer(self, connection: Connection) -> None:
        status, headers = await connection.head(ANSWER_SECONDS)
        self._began = True
        await self._send({"type": "http.response.start", "status": status, "headers": back(headers)})
        async for part in connection.parts(ANSWER_SECONDS):
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _listen(self, connection: Connection) -> None:
        """The rest of the body goes on; a client that leaves, or whose body is refused, ends the request behind too."""
        message = self._first
        try:
            while message["type"] != "http.disconnect":
                self._sent = not message.get("more_body", False)
                message = await self._receive()
                if not self._sent and message["type"] == "http.request":
                    connection.write(self._framed(message))
                    await connection.written()
            self._refusal = ClientDisconnect()
        except EdgeError as refused:
            self._refusal = refused
        connection.close()

    def _framed(self, message: Message) -> bytes:
        body: bytes = message.get("body", b"")
        if not self._chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if message.get("more_body", False) else chunk + b"0\r\n\r\n"


def _head(method: str, target: bytes, headers: Headers) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, lines)
