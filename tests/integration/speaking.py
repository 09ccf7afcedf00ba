"""Asking the services over HTTP, and saying what was wrong when the answer is another one than expected."""

from __future__ import annotations

from typing import Any

import httpx

from shared.kernel.ids import new_id

API = "/api/v1"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def ask(
    client: httpx.AsyncClient, path: str, body: Any = None, expect: int | tuple[int, ...] = (200, 201), **headers: str
) -> dict[str, Any]:
    """POST; what was answered, and where the log was then under `at`."""
    answer = await client.post(f"{API}{path}", json=body, headers=key() | headers)
    wanted = (expect,) if isinstance(expect, int) else expect
    assert answer.status_code in wanted, f"{path}: {answer.status_code} {answer.text}"
    told: dict[str, Any] = answer.json()
    return told | {"at": answer.headers.get("suyuan-position"), "status": answer.status_code}


async def look(client: httpx.AsyncClient, path: str, after: str | None = None, **query: Any) -> dict[str, Any]:
    headers = {"Suyuan-After": after} if after else {}
    answer = await client.get(f"{API}{path}", params=query, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    told: dict[str, Any] = answer.json()
    return told
