"""Erasing a person, and what stands against it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.intake.domain.data_subject.decider import (
    DATA_SUBJECT,
    EraseSubject,
    LiftLegalHold,
    PlaceLegalHold,
    SubjectComplaint,
)
from services.intake.domain.errors import (
    AlreadyErased,
    LegalHoldStands,
    NoLegalHold,
    ReasonMissing,
    UnderLegalHold,
    UnderRetention,
)
from shared.contracts.intake.data_subject import DataSubjectErased, LegalHoldLifted, LegalHoldPlaced
from shared.contracts.intake.reference import RetentionPolicyPublished
from shared.kernel.errors import NotFound
from shared.kernel.testing import Specification

subject = Specification(DATA_SUBJECT)
ID = UUID(int=7)
TODAY = date(2026, 5, 4)
ERASED = DataSubjectErased(subject_id=ID, reason="本人要求")
HELD = LegalHoldPlaced(subject_id=ID, basis="（2026）沪01民初1号", until=date(2026, 12, 31))


def erase(*closed_on, keep_days=None, today=TODAY, reason="本人要求"):
    policy = RetentionPolicyPublished(policy="r", version=1, keep_days=keep_days or 0, basis="产品质量法", reason="x")
    complaints = tuple(
        SubjectComplaint(complaint_no=f"C2026-00000{n}", closed_on=on) for n, on in enumerate(closed_on, start=1)
    )
    retention = None if keep_days is None else policy
    return EraseSubject(subject_id=ID, today=today, reason=reason, complaints=complaints, retention=retention)


def hold(until=None, is_known=True):
    return PlaceLegalHold(subject_id=ID, basis="（2026）沪01民初1号", until=until, is_known=is_known)


def lift(is_known=True):
    return LiftLegalHold(subject_id=ID, reason="已结案", is_known=is_known)


def test_without_retention_and_hold_a_person_is_erased_on_request_also_with_an_open_complaint():
    subject.given().when(erase(TODAY, None)).then(ERASED)
    subject.given().when(erase(None, keep_days=0)).then(ERASED)


@pytest.mark.parametrize(("days_ago", "refused"), [(0, True), (29, True), (30, False), (31, False)])
def test_retention_counts_from_the_last_closure(days_ago, refused):
    closed = TODAY - timedelta(days=days_ago)
    outcome = subject.given().when(erase(date(2020, 1, 1), closed, keep_days=30))
    if refused:
        outcome.refused(UnderRetention, basis="产品质量法", until=closed + timedelta(days=30))
    else:
        outcome.then(ERASED)


def test_under_a_retention_policy_an_open_complaint_keeps_the_person():
    subject.given().when(erase(date(2020, 1, 1), None, keep_days=30)).refused(UnderRetention, basis="产品质量法")


def test_a_legal_hold_keeps_the_person_until_its_last_day():
    for today in (TODAY, date(2026, 12, 31)):
        subject.given(HELD).when(erase(date(2020, 1, 1), today=today)).refused(
            UnderLegalHold, basis="（2026）沪01民初1号", until=date(2026, 12, 31)
        )
    subject.given(HELD).when(erase(date(2020, 1, 1), today=date(2027, 1, 1))).then(ERASED)


def test_a_hold_is_placed_lifted_and_never_two_at_once():
    subject.given().when(hold(date(2026, 12, 31))).then(HELD)
    subject.given(HELD).when(hold()).refused(LegalHoldStands, basis="（2026）沪01民初1号")
    lifted = LegalHoldLifted(subject_id=ID, reason="已结案")
    subject.given(HELD).when(lift()).then(lifted)
    subject.given(HELD, lifted).when(erase(TODAY)).then(ERASED)
    subject.given(HELD, lifted).when(lift()).refused(NoLegalHold)


def test_who_was_erased_stays_so():
    for command in (erase(TODAY), hold(), lift()):
        subject.given(ERASED).when(command).refused(AlreadyErased)


def test_nobody_by_that_id_here():
    for command in (erase(), hold(is_known=False), lift(is_known=False)):
        subject.given().when(command).refused(NotFound, what="data_subject", id=str(ID))


def test_erasing_needs_a_reason():
    subject.given().when(erase(TODAY, reason=" ")).refused(ReasonMissing)
