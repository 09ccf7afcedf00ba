"""One request as the edge sees it, and what the edge knows for all of them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from fastapi import Request
from starlette.types import Scope

from shared.adapters.http.auth import Authenticator
from shared.adapters.http.language import Language, negotiate
from shared.adapters.http.policy import Principal
from shared.adapters.http.rate import Limiter
from shared.adapters.settings import Settings
from shared.adapters.telemetry import valid_traceparent
from shared.kernel.ids import derived_id, new_id

SCOPE_KEY = "suyuan.call"
_MAX_CORRELATION = 128


@dataclass(frozen=True, slots=True)
class Edge:
    """What all requests of one application share. `secret` keys fingerprints and cursors."""

    settings: Settings
    authenticator: Authenticator
    secret: bytes
    clock: Callable[[], datetime]
    limiter: Limiter

    def mac(self, purpose: bytes, *parts: bytes) -> bytes:
        return mac(self.secret, purpose, *parts)


def mac(secret: bytes, purpose: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 over the parts, each with its length before it, for one purpose only."""
    framed = b"".join(each for part in (purpose, *parts) for each in (len(part).to_bytes(8, "big"), part))
    return hmac.digest(secret, framed, "sha256")


class Call:
    """One request. `principal` is there once the policy was enforced; `body` is the raw body of a write."""

    __slots__ = ("_correlation_id", "_language", "body", "edge", "headers", "operation", "principal", "route", "scope")

    def __init__(self, edge: Edge, scope: Scope) -> None:
        self.edge = edge
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.principal: Principal | None = None
        self.body = b""
        self.operation = ""
        self.route = ""
        self._correlation_id: UUID | None = None
        self._language: Language | None = None

    @property
    def language(self) -> Language:
        if self._language is None:
            accept = self.headers.get(b"accept-language")
            self._language = negotiate(accept.decode("latin-1") if accept else None)
        return self._language

    @property
    def correlation_id(self) -> UUID:
        """X-Correlation-ID where one was sent (a text is turned into an id), else the trace's id, else a new one."""
        if self._correlation_id is None:
            self._correlation_id = _correlation(self.headers)
        return self._correlation_id

    @property
    def traceparent(self) -> str | None:
        sent = self.headers.get(b"traceparent", b"").decode("latin-1")
        return sent if sent and valid_traceparent(sent) else None

    @property
    def who(self) -> Principal:
        """The principal of a route that isn't public."""
        if self.principal is None:
            raise TypeError(f"{self.route} is public: it has no principal")
        return self.principal

    @property
    def address(self) -> str:
        """Where the request comes from, as the server says; empty on a socket without addresses."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def if_match(self) -> bool:
        return b"if-match" in self.headers


def call_of(request: Request) -> Call:
    """The Call of a request, for dependencies and endpoints."""
    return cast("Call", request.scope[SCOPE_KEY])


def _correlation(headers: dict[bytes, bytes]) -> UUID:
    sent: Any = headers.get(b"x-correlation-id", b"").decode("latin-1").strip()
    if sent and len(sent) <= _MAX_CORRELATION:
        try:
            return UUID(sent)
        except ValueError:
            return derived_id("correlation", sent)
    trace = headers.get(b"traceparent", b"").decode("latin-1")
    if trace and valid_traceparent(trace):
        return UUID(trace[3:35])
    return new_id()
