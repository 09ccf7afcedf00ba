"""What clients asked for and were told: the other half of every check, kept by nobody but the clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word on a write. `position` is what Suyuan-Position said, `intake:12`."""

    status: int
    body: bytes
    etag: str = ""
    position: str = ""

    @classmethod
    def of(cls, response: httpx.Response) -> Answer:
        headers = response.headers
        return cls(response.status_code, response.content, headers.get("etag", ""), headers.get("suyuan-position", ""))

    @property
    def acknowledged(self) -> bool:
        return httpx.codes.is_success(self.status)

    @property
    def said(self) -> dict[str, Any]:
        """An import says whether it was a repeat: that alone may differ when it is asked again."""
        said: dict[str, Any] = json.loads(self.body)
        return {name: value for name, value in said.items() if name != "repeated"}

    @property
    def did_something(self) -> bool:
        """False where it tells of an earlier registration, or that there was nothing to do."""
        return bool(self.position) and self.said.get("events") != []

    def same_as(self, other: Answer) -> bool:
        alike = (self.status, self.etag, self.position) == (other.status, other.etag, other.position)
        return alike and (self.body == other.body or self.said == other.said)


@dataclass(slots=True)
class Write:
    """One request and its key. The key is the correlation id too, by which its events are found in the log."""

    key: UUID
    what: str
    tenant: str
    subject: str
    path: str
    body: Mapping[str, Any] | None = None
    file: tuple[str, bytes] | None = None
    form: Mapping[str, str] | None = None
    method: str = "POST"
    answer: Answer | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.key} of {self.subject} ({self.tenant})"


@dataclass(slots=True)
class Known:
    """What the writers of one tenant have heard of."""

    complaints: list[str] = field(default_factory=list)
    investigations: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Journal:
    """Every write of every client, in the order in which it was first sent. `faults` are answers of 500."""

    writes: list[Write] = field(default_factory=list)
    known: dict[str, Known] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def of(self, tenant: str) -> Iterator[Write]:
        return (write for write in self.writes if write.tenant == tenant)

    @property
    def acknowledged(self) -> list[Write]:
        return [write for write in self.writes if write.answer is not None and write.answer.acknowledged]
