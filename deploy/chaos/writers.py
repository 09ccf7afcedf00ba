"""Clients that write and never give up: each request is sent with its key until it is answered for good."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.chaos.journal import Answer, Journal, Known, Write
from deploy.chaos.requests import Asked, next_request
from shared.kernel.ids import new_id

AGAIN = frozenset({500, 502, 503, 507})
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 120.0


class Client:
    """One person of one tenant, sending writes to one server, which may be dead for a while."""

    def __init__(self, url: str, token: str, tenant: str, subject: str, journal: Journal) -> None:
        self.tenant = tenant
        self.subject = subject
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=httpx.Timeout(20, connect=1))
        self._journal = journal

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, write: Write) -> Answer | None:
        """The same key until there is an answer; None where nobody answers for two minutes."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                response = await self._http.request(write.method, f"/api/v1{write.path}", **_content(write))
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if response.status_code not in AGAIN:
                return Answer.of(response)
            if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                self._journal.faults.append(f"{write}: {response.text}")
            await asyncio.sleep(PAUSE_SECONDS)
        return None


class Writer:
    """One person at work; the choices follow from the seed, the order in which answers come does not."""

    def __init__(self, client: Client, journal: Journal, seed: int) -> None:
        self._client = client
        self._journal = journal
        self._random = random.Random(seed)  # noqa: S311 - a reproducible story, no secret

    async def work(self, until: asyncio.Event) -> None:
        """Write until asked to stop; what was begun is brought to an answer first."""
        while not until.is_set():
            known = self._journal.known.setdefault(self._client.tenant, Known())
            await self.ask(next_request(self._random, known), known)

    async def ask(self, asked: Asked, known: Known) -> Write:
        write = Write(
            key=new_id(),
            what=asked.what,
            tenant=self._client.tenant,
            subject=self._client.subject,
            path=asked.path,
            body=asked.body,
            file=asked.file,
            form=asked.form,
            method=asked.method,
        )
        self._journal.writes.append(write)
        write.answer = await self._client.send(write)
        if write.answer is not None and write.answer.acknowledged:
            _learn(known, asked.what, write.answer.said)
        return write


def _learn(known: Known, what: str, said: Mapping[str, Any]) -> None:
    if what == "register" and said["id"] not in known.complaints:
        known.complaints.append(said["id"])
        known.subjects.append(said["subject_id"])
    if what == "hand-over" and said["investigation_id"] not in known.investigations:
        known.investigations.append(said["investigation_id"])


def _content(write: Write) -> dict[str, Any]:
    key = str(write.key)
    sent: dict[str, Any] = {"headers": {"Idempotency-Key": key, "X-Correlation-ID": key}}
    if write.file is not None:
        return sent | {"files": {"file": write.file}, "data": dict(write.form or {})}
    return sent if write.body is None else sent | {"json": dict(write.body)}
