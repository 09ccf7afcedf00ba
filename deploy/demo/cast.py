"""Who plays: people of several roles, each with a token of their own, speaking HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id

TENANT = "demo"


class Server(Protocol):
    """Where the story plays: `folder` is the data folder, which has the key that tokens are signed with."""

    url: str
    folder: Path


@dataclass
class Elsewhere:
    """A server that was started by somebody else."""

    url: str
    folder: Path


class StoryBroken(Exception):
    """An answer that the story didn't expect: the status and what was said."""


class Person:
    """One role-player. Writes carry a fresh Idempotency-Key; positions heard are waited for by everybody after."""

    def __init__(self, client: httpx.Client, heard: dict[str, int]) -> None:
        self._client = client
        self._heard = heard

    def post(self, path: str, body: Any = None, *, expect: Sequence[int] = (200, 201), **more: Any) -> dict[str, Any]:
        answer = self._client.post(
            f"/api/v1{path}", json=body, headers={"Idempotency-Key": str(new_id()), **self._after()}, **more
        )
        return self._read(answer, expect)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self._read(self._client.put(f"/api/v1{path}", json=body), (200,))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._read(self._client.get(f"/api/v1{path}", params=query, headers=self._after()), (200,))

    def text(self, path: str) -> bytes:
        answer = self._client.get(f"/api/v1{path}", headers=self._after())
        self._read(answer, (200,), parse=False)
        return answer.content

    def upload(self, path: str, file: Path, **form: str) -> dict[str, Any]:
        with file.open("rb") as content:
            answer = self._client.post(
                f"/api/v1{path}",
                files={"file": (file.name, content)},
                data=form,
                headers={"Idempotency-Key": str(new_id())},
                timeout=300,
            )
        return self._read(answer, (201,))

    def _after(self) -> Mapping[str, str]:
        """Read your own writes, and what they led to in other services."""
        vector = ",".join(f"{service}:{position}" for service, position in self._heard.items())
        return {"Suyuan-After": vector} if vector else {}

    def _read(self, answer: httpx.Response, expect: Sequence[int], *, parse: bool = True) -> dict[str, Any]:
        if answer.status_code not in expect:
            raise StoryBroken(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
        if answer.request.method != "GET":
            self._note(answer.headers.get("suyuan-position", ""))
        said: dict[str, Any] = answer.json() if parse else {}
        return said

    def _note(self, positions: str) -> None:
        for part in filter(None, positions.split(",")):
            service, _, position = part.partition(":")
            self._heard[service] = max(int(position), self._heard.get(service, 0))


class Cast:
    """Everybody of the story, on one running server."""

    def __init__(self, server: Server, language: str) -> None:
        self._issuer = LocalIssuer(embedded_settings(server.folder), system_clock)
        self._url = server.url
        self._language = language
        self._heard: dict[str, int] = {}
        self.agent = self.person("service_agent", "agent-lin")
        self.engineer = self.person("quality_engineer", "engineer-zhou")
        self.second_engineer = self.person("quality_engineer", "engineer-wu")
        self.manager = self.person("quality_manager", "manager-chen")
        self.auditor = self.person("auditor", "auditor-he")

    def person(self, role: str, subject: str, *parties: str) -> Person:
        token = self._issuer.token([role], tenant=TENANT, subject=subject, parties=parties)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": self._language}
        return Person(httpx.Client(base_url=self._url, headers=headers, timeout=60), self._heard)
