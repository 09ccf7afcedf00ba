"""From a request to its route: policy first, then the body's bounds and type, then the endpoint's plan.

Routes are found by an index (exact path, else number and third of the segments), not by trying every pattern: four
services have well over a hundred routes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from shared.adapters.http.body_limits import Bounded, Timed, announced, media_type, read, refuse_coding, require_json
from shared.adapters.http.call import SCOPE_KEY, Call
from shared.adapters.http.edge_errors import (
    FieldError,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPath,
    Unauthenticated,
    UnsupportedMediaType,
)
from shared.adapters.http.plan import Plan
from shared.adapters.http.policy import policy_of
from shared.kernel.marked import SEAL

_AREA = 3  # "", "api", "v1", then the segment that tells the collections apart
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class TwoRoutes(TypeError):
    """Two endpoints claim one method and path."""


class Entry:
    """One route, ready to run."""

    def __init__(self, route: RouteContext) -> None:
        self.path: str = route.path_format or ""
        self.regex = route.path_regex
        self.convertors = route.param_convertors
        self.methods: frozenset[str] = frozenset(route.methods or ())
        self.operation: str = route.operation_id or route.unique_id
        self.policy = policy_of(route)
        self.plan = Plan(route)
        self.route = route

    async def run(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        call.route, call.operation = self.path, self.operation
        await self._admit(call)
        if scope["query_string"]:
            _check_query(scope["query_string"], self.plan.query_names)
        incoming = receive
        if scope["method"] in _WITH_BODY:
            incoming = await self._bounded(call, receive)
        request = Request(scope, incoming, send)
        response = await self.plan.run(request, call.body)
        await response(scope, incoming, send)

    async def _admit(self, call: Call) -> None:
        """Who it is, not too often, and with a role for it. Raises Unauthenticated, TooManyRequests, RoleMissing."""
        edge = call.edge
        if self.policy.public is None:
            try:
                call.principal = await edge.authenticator.principal(call.headers.get(b"authorization"))
            except Unauthenticated:
                edge.limiter.admit(call.address)
                raise
            edge.limiter.admit((call.principal.tenant, call.principal.subject))
            self.policy.admit(call.principal)
        elif self.policy.limited:
            edge.limiter.admit(call.address)

    async def _bounded(self, call: Call, receive: Receive) -> Receive:
        """The body read (JSON) or to be streamed within its bound (uploads)."""
        settings, takes = call.edge.settings, self.plan.takes
        refuse_coding(call)
        if takes in {"json", "nothing"}:
            call.body = await read(call, Timed(receive, settings.body_seconds), settings.max_body_bytes)
            if takes == "nothing":
                _expect_nothing(call.body)
            elif call.body:
                require_json(call)
            return receive
        expected = {"multipart/form-data"} if takes == "form" else self.plan.media_types
        if "*/*" not in expected and media_type(call).decode("latin-1") not in expected:
            raise UnsupportedMediaType(expected=", ".join(sorted(expected)))
        announced(call, settings.max_upload_bytes)
        return Bounded(Timed(receive, settings.body_seconds), settings.max_upload_bytes)


class Dispatcher:
    """The application's routes behind their index. Raises RouteWithoutPolicy, NotPlannable, TwoRoutes when made."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self.entries = [Entry(route) for route in iter_route_contexts(list(routes))]
        self._exact: dict[str, list[Entry]] = {}
        self._by_shape: dict[tuple[int, str], list[Entry]] = {}
        self._anywhere: list[Entry] = []
        seen: set[tuple[str, str]] = set()
        for entry in self.entries:
            for method in entry.methods:
                if (method, entry.path) in seen:
                    raise TwoRoutes(f"{method} {entry.path} is declared twice")
                seen.add((method, entry.path))
            self._place(entry)

    def _place(self, entry: Entry) -> None:
        parts = entry.path.split("/")
        if not entry.convertors:
            self._exact.setdefault(entry.path, []).append(entry)
        elif ":path" in str(entry.route.path) or len(parts) <= _AREA or "{" in parts[_AREA]:
            self._anywhere.append(entry)
        else:
            self._by_shape.setdefault((len(parts), parts[_AREA]), []).append(entry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NoSuchPath, MethodNotAllowed, and whatever the route raises."""
        call: Call = scope[SCOPE_KEY]
        entry, path_params = self._find(scope["path"], scope["method"])
        scope["path_params"] = path_params
        await entry.run(call, scope, receive, send)

    def _find(self, path: str, method: str) -> tuple[Entry, dict[str, Any]]:
        if "\x00" in path or "\ufffd" in path or SEAL in path:
            raise NoSuchPath
        allowed: set[str] = set()
        for entry in self._exact.get(path, ()):
            if method in entry.methods:
                return entry, {}
            allowed |= entry.methods
        for entry in self._candidates(path):
            match = entry.regex.match(path)
            if match is None:
                continue
            if method in entry.methods:
                convertors = entry.convertors
                return entry, {name: convertors[name].convert(text) for name, text in match.groupdict().items()}
            allowed |= entry.methods
        if allowed:
            raise MethodNotAllowed(allowed=", ".join(sorted(allowed)))
        raise NoSuchPath

    def _candidates(self, path: str) -> list[Entry]:
        parts = path.split("/")
        area = parts[_AREA] if len(parts) > _AREA else ""
        near = self._by_shape.get((len(parts), area), [])
        return near + self._anywhere if self._anywhere else near


def _check_query(query: bytes, known: frozenset[str]) -> None:
    """Unknown names, broken UTF-8 and NUL are refused: a mistyped filter must not silently answer everything."""
    try:
        text = unquote_to_bytes(query.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise _wrong_query("", "invalid-utf8", "不是有效的 UTF-8", "is not valid UTF-8") from None
    if "\x00" in text:
        raise _wrong_query("", "nul-character", "不能含字符 %00", "must not hold %00")
    for part in query.split(b"&"):
        name = unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")).decode()
        if name and name not in known:
            raise _wrong_query(name[:100], "unknown-parameter", "未知的查询参数", "is not a known query parameter")


def _wrong_query(name: str, code: str, zh: str, en: str) -> InvalidRequest:
    return InvalidRequest(errors=(FieldError(where="query", field=name, code=code, zh=zh, en=en),))


def _expect_nothing(body: bytes) -> None:
    if body.strip() not in {b"", b"{}"}:
        zh, en = "该操作不需要请求体", "this operation takes no body"
        raise InvalidRequest(errors=(FieldError(where="body", field="", code="body-not-expected", zh=zh, en=en),))
