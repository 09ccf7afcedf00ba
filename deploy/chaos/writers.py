"""Clients that write and never give up: each request is sent with its key until it is answered for good."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.kernel.ids import new_id

AGAIN = frozenset({500, 502, 503, 507})
PAUSE_SECONDS = 0.05
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(256)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A request that was answered with success: it must be there for ever."""

    key: str
    answer: bytes
    what: str


@dataclass(slots=True)
class Journal:
    """What the clients were told. `known` are complaints by what has been done to them."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)


class Writer:
    """One client; its choices follow from the seed."""

    def __init__(self, url: str, token: str, journal: Journal, seed: int) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(10, connect=1)
        )
        self._journal = journal
        self._random = random.Random(seed)  # noqa: S311 - a reproducible story, no secret

    async def write(self, until: asyncio.Event) -> None:
        """Write until asked to stop; what was begun is brought to an answer first."""
        try:
            while not until.is_set():
                await self._one()
        finally:
            await self._http.aclose()

    async def _one(self) -> None:
        known = self._journal.complaints
        if not known or self._random.random() < 0.4:  # noqa: PLR2004 - two of five register
            made = await self._send("register", "/complaints", self._form())
            if made is not None:
                known.append(made["id"])
            return
        one = self._random.choice(known)
        what, body = self._random.choice(
            [
                ("acknowledge", None),
                ("triage", {}),
                ("hand-over", {}),
                ("respond", {"channel": "phone", "body": "您好 hello", "tells_decision": True}),
                ("correct", {"field": "order_no", "value": f"PO-{self._random.randrange(10**9)}", "reason": "chaos"}),
                ("attachments", None),
            ]
        )
        await self._send(what, f"/complaints/{one}/{what}", body)

    def _form(self) -> dict[str, Any]:
        phone = f"1{self._random.randrange(10**9):010d}"
        return {
            "channel": "email",
            "source_reference": str(new_id()),
            "customer": {"name": "混沌 Chaos", "phone": phone},
            "description": "chaos",
            "items": [{"product": "P-1", "lot": "L-1", "quantity_affected": "1", "defect_codes": ["D-1"]}],
        }

    async def _send(self, what: str, path: str, body: Any) -> dict[str, Any] | None:
        """The answer; None where it was refused, which has no effect."""
        key = str(new_id())
        files = {"file": ("chaos.png", PICTURE)} if what == "attachments" else None
        while True:
            try:
                answer = await self._http.post(
                    f"/api/v1{path}", json=body, files=files, headers={"Idempotency-Key": key}
                )
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer.status_code in AGAIN:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer.is_success:
                self._journal.acknowledged.append(Acknowledged(key, answer.content, what))
                said: dict[str, Any] = answer.json()
                return said
            return None
