"""The parameters that the conventions read by themselves, as OpenAPI says them. One home for name, limit and text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.adapters.http import conventions
from shared.adapters.http.paging import DEFAULT_LIMIT, page_of

Parameter = dict[str, Any]


def _header(name: str, description: str, *, required: bool = False, **schema: Any) -> Parameter:
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def _query(name: str, description: str, **schema: Any) -> Parameter:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


_KEY: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"}
_KEY_TEXT = "幂等键：同一键重试得到同一答复。A retry with the same key hears the same answer."
_IF_MATCH = _header(
    "If-Match",
    "读取时的版本（ETag）；已过期则 412。The version that was read; 412 when stale.",
    type="string",
    pattern='^"(0|[1-9][0-9]{0,9})"$',
)
_AFTER = _header(
    "Suyuan-After",
    "等待视图到达该位置（如 intake:120），最多 2 秒。Wait until the view has come this far (intake:120), 2 s at most.",
    type="string",
)
"""Without an example: the interactive page would send it with every question, and wait for what nobody did."""
_AS_OF = _query(
    "as_of",
    "当时所知：时间或位置向量。What was known then: a time, or positions such as intake:120,investigation:44.",
    type="string",
)
LIMIT = _query("limit", "每页条数。Items a page.", type="integer", minimum=1, default=DEFAULT_LIMIT)
"""Its maximum is the deployment's own (`max_page`), and comes with the document."""
_CURSOR = _query("cursor", "上一页的 next。The previous page's `next`.", type="string")

OF_DEPENDENCY: dict[Callable[..., Any], tuple[Parameter, ...]] = {
    conventions.create_context: (_header("Idempotency-Key", _KEY_TEXT, required=True, **_KEY), _IF_MATCH),
    conventions.write_context: (_header("Idempotency-Key", _KEY_TEXT, **_KEY), _IF_MATCH),
    conventions.read_of: (_AFTER,),
    conventions.read_as_of: (_AFTER, _AS_OF),
    page_of: (LIMIT, _CURSOR),
}
