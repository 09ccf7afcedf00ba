"""Lists cut into pages: every row once and in order, whatever its sort columns are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Response

from shared.adapters.http.answers import listed
from shared.adapters.http.app import build_app
from shared.adapters.http.conventions import Paging
from shared.adapters.http.policy import policy
from tests.unit.adapters.http.conftest import Demo

BEIJING = timezone(timedelta(hours=8))
ROWS = [
    {"at": datetime(2026, 1, 1, 8, nth % 2, tzinfo=BEIJING), "due": date(2026, 1, 2), "id": UUID(int=nth), "no": nth}
    for nth in (0, 2, 4, 1, 3)
]


class Shelf(Demo):
    """One list, by time, then date, id and number, as a database would give it."""

    def _routes(self, router: APIRouter) -> None:
        @router.get("/complaints", operation_id="list", dependencies=[policy("service_agent")])
        async def rows(page: Paging) -> Response:
            after = page.place(datetime.fromisoformat, date.fromisoformat, UUID, int)
            self.seen.append(after)
            found = [row for row in ROWS if after is None or tuple(row.values()) > after]
            return listed(*page.cut(found[: page.limit + 1], "at", "due", "id", "no"))


@pytest.mark.parametrize(("limit", "pages"), [(1, 5), (2, 3), (4, 2), (5, 1), (50, 1)])
async def test_every_row_is_on_one_page_and_the_last_page_names_no_next(settings, issuer, limit, pages):
    shelf, numbers, cursor = Shelf(), [], {}
    transport = httpx.ASGITransport(build_app([shelf], settings))
    headers = {"Authorization": f"Bearer {issuer.token(['service_agent'])}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers) as client:
        for _ in range(pages):
            page = (await client.get("/api/v1/complaints", params={"limit": limit, **cursor})).json()
            numbers += [row["no"] for row in page["items"]]
            cursor = {"cursor": page["next"]}
    assert (numbers, page["next"]) == ([0, 2, 4, 1, 3], None)
    if pages > 1:
        last = ROWS[limit - 1]
        assert shelf.seen[1] == tuple(last.values())
        assert shelf.seen[1][0].tzinfo is UTC
