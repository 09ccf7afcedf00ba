"""Around every request: correlation, headers, metrics, a span, and errors turned into problems. Pure ASGI."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from fastapi.exceptions import RequestValidationError
from opentelemetry.trace import SpanKind
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.adapters.disk import is_full
from shared.adapters.http.call import SCOPE_KEY, Call, Edge
from shared.adapters.http.edge_errors import BodyTooLarge, FieldError, InvalidRequest
from shared.adapters.http.problem import MEDIA_TYPE, Answered, render, render_crash
from shared.adapters.http.validation import parameter_errors
from shared.adapters.logging import CORRELATION, get_logger
from shared.adapters.metrics import HTTP_REQUESTS
from shared.adapters.telemetry import TELEMETRY, span
from shared.kernel.errors import StoreFull, SuyuanError

_log = get_logger("suyuan.http")
_SERVER_FAULT = 500

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_UNLESS_SET = [
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class EdgeMiddleware:
    """`routes` answers HTTP, `lifespan` the start and stop of the process."""

    def __init__(self, edge: Edge, routes: ASGIApp, lifespan: ASGIApp) -> None:
        self._edge = edge
        self._routes = routes
        self._lifespan = lifespan
        self._metrics: dict[tuple[str, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        call = Call(self._edge, scope)
        scope[SCOPE_KEY] = call
        token = CORRELATION.set(lambda: call.correlation_id)
        outgoing = Outgoing(call, send)
        began = perf_counter()
        try:
            if TELEMETRY.on:
                await self._traced(call, receive, outgoing)
            else:
                await self._answered(call, receive, outgoing)
        finally:
            CORRELATION.reset(token)
            self._count(call, outgoing.status, perf_counter() - began)

    async def _traced(self, call: Call, receive: Receive, outgoing: Outgoing) -> None:
        method = call.scope["method"]
        with span(method, parent=call.traceparent, kind=SpanKind.SERVER, **{"http.request.method": method}) as current:
            await self._answered(call, receive, outgoing)
            current.update_name(f"{method} {call.route or '(none)'}")
            current.set_attribute("http.route", call.route)
            current.set_attribute("http.response.status_code", outgoing.status)
            current.set_attribute("suyuan.correlation_id", str(call.correlation_id))

    async def _answered(self, call: Call, receive: Receive, outgoing: Outgoing) -> None:
        try:
            await self._routes(call.scope, receive, outgoing)
        except ClientDisconnect:
            _log.info("client went away", route=call.route)
        except Exception as error:
            answer = _problem(call, error)
            if outgoing.status:
                _log.exception("failed while answering", route=call.route)
                raise
            await outgoing.problem(answer)

    def _count(self, call: Call, status: int, seconds: float) -> None:
        key = (call.scope["method"], call.route, status)
        child = self._metrics.get(key)
        if child is None:
            if key[0] not in _KNOWN_METHODS:
                key = ("other", key[1], status)
            child = self._metrics[key] = HTTP_REQUESTS.labels(key[0], key[1] or "(none)", str(status))
        child.observe(seconds)
        if self._edge.settings.log_requests or status >= _SERVER_FAULT:
            _log.info("request", method=key[0], route=call.route, status=status, ms=round(seconds * 1000, 2))


_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Outgoing:
    """A `send` that adds the headers every answer has, and knows whether one was begun."""

    def __init__(self, call: Call, send: Send) -> None:
        self._call = call
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"] = list(message.get("headers", ()))
            set_already = {name for name, _ in headers}
            headers += _ALWAYS
            headers += [each for each in _UNLESS_SET if each[0] not in set_already]
            headers.append((b"x-correlation-id", str(self._call.correlation_id).encode()))
        await self._send(message)

    async def problem(self, answer: Answered) -> None:
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            *((name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()),
        ]
        await self({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})


def _problem(call: Call, error: Exception) -> Answered:
    known = error if isinstance(error, SuyuanError) else _translated(call, error)
    correlation_id = str(call.correlation_id)
    if known is None:
        _log.error("unexpected error", route=call.route, exc_info=error)
        return render_crash(call.language, correlation_id=correlation_id)
    answer = render(known, call.language, correlation_id=correlation_id, if_match=call.if_match)
    if answer.status >= _SERVER_FAULT:
        _log.warning("refused for now", route=call.route, code=known.code)
        if answer.status == _SERVER_FAULT:
            return render_crash(call.language, correlation_id=correlation_id)
    return answer


def _translated(call: Call, error: Exception) -> SuyuanError | None:
    """Errors of the framework, and of a full disk wherever it was met, in our words."""
    if is_full(error):
        return StoreFull()
    if isinstance(error, RequestValidationError):
        return parameter_errors(error.errors())
    if not isinstance(error, HTTPException):
        return None
    if error.status_code == 413:  # noqa: PLR2004 - Content Too Large
        return BodyTooLarge(limit=call.edge.settings.max_upload_bytes)
    if error.status_code == 400:  # noqa: PLR2004 - the multipart parser's
        found = FieldError(where="body", field="", code="form-invalid", zh="表单格式有误", en="the form is malformed")
        return InvalidRequest(errors=(found,))
    return None
