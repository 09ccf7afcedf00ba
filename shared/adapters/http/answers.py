"""Answers with the headers of the conventions: `ETag` is the version, `Suyuan-Position` where the change or view is.

An answer about a thing (its making, a command on it, its view, its row in its own list) calls it `id`; whatever else it
names is `<kind>_id`. What is quoted from an event keeps the event's names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import Depends, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import RouteContext

from shared.adapters.http.positions import write_vector
from shared.kernel.codec import encode_plain
from shared.kernel.ports import Appended

JSON = "application/json"
NDJSON = "application/x-ndjson"
HTML = "text/html"


@dataclass(frozen=True)
class Answers:
    """What a route answers when all is well: `kind` is a type that JSON is made of, `bytes` for files.

    `also` are further statuses (of JSON), beside the route's own.
    """

    kind: Any
    media_types: tuple[str, ...] = (JSON,)
    also: Mapping[int, Any] = field(default_factory=dict)

    def __call__(self) -> None:
        """Nothing: only the document asks."""

    def by_status(self, route: RouteContext) -> dict[int, Any]:
        """Each good status with the type of its body."""
        return {route.status_code or 200: self.kind, **self.also}


class RouteWithoutAnswer(TypeError):
    """A route that is in the document says not what it answers."""


def answers(kind: Any, *media_types: str, also: Mapping[int, Any] | None = None) -> Any:
    """Stands beside the policy. What a router or a shared list of dependencies says holds until a route has its own."""
    return Depends(Answers(kind, media_types or (JSON,), also or {}))


def answers_of(route: RouteContext) -> Answers:
    """What was declared innermost. Raises RouteWithoutAnswer."""
    found = [each.dependency for each in route.dependencies if isinstance(each.dependency, Answers)]
    if not found:
        raise RouteWithoutAnswer(f"{sorted(route.methods or ())} {route.path} has no answer: add answers(…)")
    return found[-1]


def done(service: str, appended: Appended, *, status: int = 200, location: str | None = None) -> Response:
    """The answer to a command: what the handler stored as its answer, byte by byte the same on every repeat.

    Position 0 (nothing was decided) names no position.
    """
    headers = {"ETag": f'"{appended.version}"'}
    if appended.position:
        headers["Suyuan-Position"] = f"{service}:{appended.position}"
    if location is not None:
        headers["Location"] = location
    return Response(appended.answer, status, headers, JSON)


def created(service: str, appended: Appended, location: str | None = None) -> Response:
    """201, with where the new thing is. On a repeat the id comes from the stored answer: pass `location_of`."""
    return done(service, appended, status=201, location=location)


def location_of(appended: Appended, prefix: str) -> str:
    """`<prefix>/<id>`, the id taken from the stored answer, so that a repeat names the first one."""
    return f"{prefix}/{msgspec.json.decode(appended.answer)['id']}"


def view(body: Any, *, version: int | None = None, positions: Mapping[str, int] | None = None) -> Response:
    """The answer to a question. `body`: dicts, lists, dataclasses; Decimal as string, times RFC 3339."""
    headers = {}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    if positions:
        headers["Suyuan-Position"] = write_vector(positions)
    return Response(encode_plain(body), 200, headers, JSON)


def listed(items: list[Any], next_cursor: str | None, positions: Mapping[str, int] | None = None) -> Response:
    """One page of a list: `{"items": […], "next": cursor or null}`."""
    return view({"items": items, "next": next_cursor}, positions=positions)


def ndjson(lines: AsyncIterator[bytes]) -> Response:
    """JSON lines as they come, each with its line end."""
    return StreamingResponse(lines, media_type=NDJSON)
