"""Bodies are bounded before they are buffered, in size and in time, and typed before they are parsed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from shared.adapters.http.call import Call
from shared.adapters.http.edge_errors import BadHeader, BodyTooLarge, BodyTooSlow, ContentCoded, UnsupportedMediaType

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})

LEAST_BYTES_PER_SECOND = 8 * 1024
"""A body has the settings' `body_seconds`, and as long again as its bytes take at this rate."""


def media_type(call: Call) -> bytes:
    """The media type without its parameters, in lower case; empty where none was sent."""
    return call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


def require_json(call: Call) -> None:
    """Raises UnsupportedMediaType (415) for whatever isn't application/json in UTF-8."""
    sent = call.headers.get(b"content-type", b"")
    if sent in _JSON:
        return
    kind, _, parameters = sent.lower().partition(b";")
    parameter = parameters.strip().replace(b" ", b"").replace(b'"', b"")
    if kind.strip() != b"application/json" or parameter not in {b"", b"charset=utf-8"}:
        raise UnsupportedMediaType(expected="application/json")


def refuse_coding(call: Call) -> None:
    """Raises ContentCoded (415) for a body that announces to be packed."""
    coding = call.headers.get(b"content-encoding", b"").decode("latin-1").strip()
    if coding.lower() not in {"", "identity"}:
        raise ContentCoded(coding=coding[:40])


def announced(call: Call, limit: int) -> int | None:
    """The Content-Length. Raises BodyTooLarge (413) before a byte is read, BadHeader (400)."""
    return length_of(call.headers, limit)


def length_of(headers: Mapping[bytes, bytes], limit: int) -> int | None:
    """As `announced`, of the headers alone."""
    sent = headers.get(b"content-length")
    if sent is None:
        return None
    if not sent.isdigit():
        raise BadHeader(header="Content-Length", expected_zh="应为非负整数", expected_en="a whole number")
    if len(sent) > 15 or int(sent) > limit:  # noqa: PLR2004 - digits of a petabyte
        raise BodyTooLarge(limit=limit)
    return int(sent)


async def read(call: Call, receive: Receive, limit: int) -> bytes:
    """The whole body, of at most `limit` bytes. Raises BodyTooLarge, ClientDisconnect."""
    announced(call, limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise BodyTooLarge(limit=limit)
        return whole
    bounded = Bounded(receive, limit, message)
    chunks: list[bytes] = []
    more = True
    while more:
        part = await bounded()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(part.get("body", b""))
        more = part.get("more_body", False)
    return b"".join(chunks)


class Bounded:
    """A `receive` that counts: for bodies that are streamed and never held whole."""

    def __init__(self, receive: Receive, limit: int, first: Message | None = None) -> None:
        self._receive = receive
        self._limit = limit
        self._first = first
        self._seen = 0

    async def __call__(self) -> Message:
        message = self._first if self._first is not None else await self._receive()
        self._first = None
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                raise BodyTooLarge(limit=self._limit)
        return message


class Timed:
    """A `receive` that waits for a body no longer than its bytes may take. Raises BodyTooSlow (408)."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:  # what is waited for now is the client going away, as long as the answer takes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self._deadline += len(message.get("body", b"")) / LEAST_BYTES_PER_SECOND
        self._ended = not message.get("more_body", False)
        return message
