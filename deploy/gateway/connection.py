"""One HTTP/1.1 connection to a service: a request at a time, its body and its answer passed on as they come.

Not a client library's: those read no answer before the request's end (a 413 to a body that a slow client still sends),
and cost ten times what this does for each request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import httptools

from deploy.gateway.headers import Headers

HELD_BYTES = 256 * 1024
"""Of an answer that the client reads slowly; above it the service waits."""
_FINAL = 200


class Broken(ConnectionError):
    """It ended before the answer's end. `heard`: whether any of the answer had come."""

    def __init__(self, *, heard: bool) -> None:
        super().__init__("the connection to the service broke")
        self.heard = heard


class Connection(asyncio.Protocol):
    """Begin an exchange, send, then `head` and `parts`; `is_reusable` once both sides are through."""

    def __init__(self) -> None:
        self.lost = False
        self._keep = False
        self._ended = True
        self._heard = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._news = asyncio.Event()
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._headers: Headers = []
        self._status = 0

    def begin(self, method: str) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = method == "HEAD"
        self._keep = self._ended = self._heard = False
        self._status = self._held = 0
        self._headers = []
        self._parts.clear()
        self._news.clear()

    def write(self, data: bytes) -> None:
        if not self.lost:
            self._transport.write(data)

    async def written(self) -> None:
        """Return once more may be written."""
        await self._writable.wait()

    async def head(self, seconds: float) -> tuple[int, Headers]:
        """Status and headers. Raises Broken, TimeoutError."""
        async with asyncio.timeout(seconds):
            while self._status < _FINAL:
                await self._more()
        return self._status, self._headers

    async def parts(self, seconds: float) -> AsyncIterator[bytes]:
        """The body; `seconds` from one part to the next. Raises Broken, TimeoutError."""
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._held -= len(part)
                if self._held <= HELD_BYTES < self._held + len(part) and not self.lost:
                    self._transport.resume_reading()
                yield part
            if self._ended:
                return
            async with asyncio.timeout(seconds):
                await self._more()

    def close(self) -> None:
        """At once: what was not sent yet is dropped."""
        self._transport.abort()

    @property
    def is_reusable(self) -> bool:
        return self._ended and self._keep and not self.lost

    async def _more(self) -> None:
        if self.lost and not self._ended:
            raise Broken(heard=self._heard)
        self._news.clear()
        await self._news.wait()
        if self.lost and not (self._ended or self._parts):
            raise Broken(heard=self._heard)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever it was, it is gone
        self.lost = True
        self._writable.set()
        self._news.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._ended:  # nothing was asked
            self._keep = False
            self._transport.abort()
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._bodiless and self._status >= _FINAL:  # the parser would wait for what Content-Length announces
            self._ended = True
        if self._status >= _FINAL:
            self._news.set()

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)
        self._held += len(data)
        if self._held > HELD_BYTES >= self._held - len(data):
            self._transport.pause_reading()
        self._news.set()

    def on_message_complete(self) -> None:
        if self._status < _FINAL:  # 100, 103: the answer is still to come
            self._headers = []
            return
        self._keep = self._parser.should_keep_alive() and not self._bodiless
        self._ended = True
        self._news.set()
