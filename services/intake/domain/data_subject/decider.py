"""A person's data: held, or erased for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never
from uuid import UUID

from services.intake.domain.errors import (
    AlreadyErased,
    LegalHoldStands,
    NoLegalHold,
    UnderLegalHold,
    UnderRetention,
    said,
)
from shared.contracts.event import Event
from shared.contracts.intake.data_subject import DataSubjectErased, LegalHoldLifted, LegalHoldPlaced
from shared.contracts.intake.reference import RetentionPolicyPublished
from shared.kernel.decider import Decider
from shared.kernel.errors import NotFound

OPEN_END = "∞"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectComplaint:
    """One complaint of the person: when it was closed, None while open."""

    complaint_no: str
    closed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseSubject:
    """`complaints` are all of the person's; `retention` the policy in force, None where none was published."""

    subject_id: UUID
    today: date
    reason: str
    complaints: tuple[SubjectComplaint, ...]
    retention: RetentionPolicyPublished | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLegalHold:
    subject_id: UUID
    basis: str
    until: date | None
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftLegalHold:
    subject_id: UUID
    reason: str
    is_known: bool


SubjectCommand = EraseSubject | PlaceLegalHold | LiftLegalHold


@dataclass(frozen=True, slots=True)
class DataSubject:
    erased: bool = False
    hold: LegalHoldPlaced | None = None


def decide(command: SubjectCommand, state: DataSubject) -> Sequence[Event]:
    if state.erased:
        raise AlreadyErased
    match command:
        case EraseSubject():
            return _erase(command, state)
        case PlaceLegalHold():
            return _place(command, state)
        case LiftLegalHold():
            return _lift(command, state)
        case _:
            assert_never(command)


def _place(command: PlaceLegalHold, state: DataSubject) -> Sequence[Event]:
    """One at a time: lifting one may not lift another with it."""
    if not command.is_known:
        raise NotFound(what="data_subject", id=str(command.subject_id))
    said(command.basis)
    if state.hold is not None:
        raise LegalHoldStands(basis=state.hold.basis)
    return (LegalHoldPlaced(subject_id=command.subject_id, basis=command.basis, until=command.until),)


def _lift(command: LiftLegalHold, state: DataSubject) -> Sequence[Event]:
    if not command.is_known:
        raise NotFound(what="data_subject", id=str(command.subject_id))
    said(command.reason)
    if state.hold is None:
        raise NoLegalHold
    return (LegalHoldLifted(subject_id=command.subject_id, reason=command.reason),)


def _erase(command: EraseSubject, state: DataSubject) -> Sequence[Event]:
    """Refused while a legal hold or the retention policy forbids it, with basis and date."""
    said(command.reason)
    if not command.complaints:
        raise NotFound(what="data_subject", id=str(command.subject_id))
    if state.hold and (state.hold.until is None or state.hold.until >= command.today):
        raise UnderLegalHold(basis=state.hold.basis, until=state.hold.until or OPEN_END)
    if command.retention and command.retention.keep_days > 0:
        kept_until = _kept_until(command.complaints, command.retention.keep_days)
        if kept_until is None or kept_until > command.today:
            raise UnderRetention(basis=command.retention.basis, until=kept_until or OPEN_END)
    return (DataSubjectErased(subject_id=command.subject_id, reason=command.reason),)


def _kept_until(complaints: Sequence[SubjectComplaint], keep_days: int) -> date | None:
    """The last day of keeping; None while one of them is open: its days haven't begun."""
    closed = [c.closed_on for c in complaints if c.closed_on is not None]
    return max(closed) + timedelta(days=keep_days) if len(closed) == len(complaints) else None


def evolve(state: DataSubject, event: Event) -> DataSubject:
    match event:
        case DataSubjectErased():
            return replace(state, erased=True)
        case LegalHoldPlaced():
            return replace(state, hold=event)
        case LegalHoldLifted():
            return replace(state, hold=None)
        case _:
            return state


DATA_SUBJECT: Decider[DataSubject, SubjectCommand] = Decider("subject", DataSubject(), decide, evolve)
