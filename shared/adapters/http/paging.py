"""Cursor pagination. A cursor is opaque, and signed over whose and which list it is: no other list takes it.

base64url( 16 bytes of HMAC-SHA256 ‖ canonical JSON of where to go on ).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from fastapi import Request

from shared.adapters.http.call import Call, call_of
from shared.adapters.http.edge_errors import BadCursor, BadParameter
from shared.kernel.codec import encode_plain

_TAG_BYTES = 16
_MAX_CURSOR = 2048
DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` items after `after` (the sort columns of the last one, as text; None: from the start)."""

    limit: int
    after: list[Any] | None
    _call: Call

    def place(self, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
        """Where to go on, each text made a value (`datetime.fromisoformat`, `UUID`, `int`); None: from the start."""
        return None if self.after is None else tuple(kind(v) for kind, v in zip(kinds, self.after, strict=True))

    def cut(self, rows: Sequence[Mapping[str, Any]], *columns: str) -> tuple[list[dict[str, Any]], str | None]:
        """The rows of this page out of `limit + 1` asked for, and the cursor behind the last by its sort columns."""
        shown = [dict(row) for row in rows[: self.limit]]
        if len(rows) <= self.limit:
            return shown, None
        return shown, self.next_cursor(*[_text(shown[-1][name]) for name in columns])

    def next_cursor(self, *last: Any) -> str:
        """The cursor that goes on behind an item with these sort values (JSON values, times and ids as text)."""
        return encode_cursor(self._call, list(last))


def page_of(request: Request) -> Page:
    """`limit` and `cursor` of a list. Raises BadParameter, BadCursor."""
    call = call_of(request)
    query = request.query_params
    sent = query.get("cursor")
    after = None if sent is None else decode_cursor(call, sent)
    return Page(_limit(query.get("limit"), call.edge.settings.max_page), after, call)


def _text(value: Any) -> Any:
    """Times in UTC, so that one place has one cursor whatever zone the database speaks in."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value


def encode_cursor(call: Call, where: list[Any]) -> str:
    payload = encode_plain(where)
    return base64.urlsafe_b64encode(_tag(call, payload) + payload).decode().rstrip("=")


def decode_cursor(call: Call, cursor: str) -> list[Any]:
    """Where to go on. Raises BadCursor for whatever this list, with these filters, didn't give to this tenant."""
    if len(cursor) > _MAX_CURSOR:
        raise _bad_cursor()
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None
    tag, payload = data[:_TAG_BYTES], data[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(call, payload)):
        raise _bad_cursor()
    where: list[Any] = msgspec.json.decode(payload)
    return where


def _tag(call: Call, payload: bytes) -> bytes:
    """Bound to the tenant, the path, and every filter and sort order, so that a page never mixes two questions."""
    query = parse_qsl(call.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    question = sorted((name, value) for name, value in query if name not in {"cursor", "limit"})
    mac = call.edge.mac(
        b"cursor", call.who.tenant.encode(), call.scope["path"].encode(), encode_plain(question), payload
    )
    return mac[:_TAG_BYTES]


def _limit(text: str | None, most: int) -> int:
    if text is None:
        return min(DEFAULT_LIMIT, most)
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):  # noqa: PLR2004 - digits
        raise BadParameter(
            parameter="limit", expected_zh=f"应为 1 到 {most} 的整数", expected_en=f"an integer from 1 to {most}"
        )
    return int(text)


def _bad_cursor() -> BadCursor:
    return BadCursor(
        parameter="cursor",
        expected_zh="不是本列表（相同筛选和排序）给出的游标，请从第一页重新开始",
        expected_en="it wasn't given out by this list with these filters; start from the first page",
    )
