"""What intake's application needs from outside, beyond the kernel's ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.intake.domain.data_subject.decider import SubjectComplaint


class TriageRow(Protocol):
    """The row that matched: its id, and what it says."""

    @property
    def row(self) -> str: ...

    @property
    def outputs(self) -> Mapping[str, object]: ...


class TriageTableContent(Protocol):
    """What a table asks for, and every row it has."""

    @property
    def inputs(self) -> frozenset[str]: ...

    @property
    def rows(self) -> Sequence[TriageRow]: ...


class TriageTable(Protocol):
    """Decision tables of hit policy *first* (JDM)."""

    def evaluate(self, document: str, inputs: Mapping[str, str | int | bool]) -> TriageRow:
        """Raises Refused where no row matches, an input is missing or can't be compared."""
        ...

    def table(self, document: str) -> TriageTableContent:
        """Raises Invalid for a document that isn't sound."""
        ...


class SubjectComplaints(Protocol):
    async def of(self, tenant: str, subject_id: UUID) -> tuple[SubjectComplaint, ...]:
        """Every complaint of the person, as known up to the head of the log (waits for it)."""
        ...


class Lookups(Protocol):
    """The keyed hash by which a phone or an email is found again."""

    def lookup(self, tenant: str, kind: str, value: str) -> bytes: ...
