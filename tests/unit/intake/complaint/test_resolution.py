from dataclasses import replace
from decimal import Decimal

import pytest

from services.intake.domain.complaint.commands import AcceptResolution, RecordSatisfaction
from services.intake.domain.errors import (
    ComplaintIsOpen,
    NoOpenOffer,
    NotAccepted,
    NotSilentYet,
    OfferStillOpen,
    ReasonMissing,
    RemedyDoesNotFit,
    ScoreOutOfRange,
)
from shared.contracts.intake.complaint import (
    ComplaintReopened,
    RemedyCompleted,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
    SatisfactionRecorded,
)
from tests.unit.intake import states as s

RESPOND_BY = s.OFFER.now + 14 * s.DAY


def test_an_offer_says_until_when_silence_is_waited_for_and_by_which_policy():
    s.complaint.given(s.outcome_known()).when(s.OFFER).then(
        ResolutionOffered(
            complaint_id=s.ID,
            resolution_no=1,
            resolution="replace",
            terms="换新一件",
            respond_by=RESPOND_BY,
            policy="sla",
            policy_version=3,
        )
    )


def test_one_offer_at_a_time_and_no_number_twice_not_even_after_reopening():
    s.complaint.given(s.offered()).when(s.OFFER).refused(OfferStillOpen, resolution_no=1)
    for given in (s.after(s.REJECT, given=s.offered()), s.after(s.REOPEN, given=s.closed())):
        (second,) = s.complaint.given(given).when(s.OFFER).events
        assert second.resolution_no == 2


def test_the_customer_accepts():
    s.complaint.given(s.offered()).when(s.ACCEPT).then(
        ResolutionAccepted(complaint_id=s.ID, resolution_no=1, by="customer")
    )


def test_silence_accepts_from_the_published_moment_on():
    silence = AcceptResolution(now=RESPOND_BY, by="silence")
    s.complaint.given(s.offered()).when(silence).then(
        ResolutionAccepted(complaint_id=s.ID, resolution_no=1, by="silence")
    )
    early = replace(silence, now=RESPOND_BY - s.HOUR)
    s.complaint.given(s.offered()).when(early).refused(NotSilentYet, respond_by=RESPOND_BY)


def test_a_rejection_keeps_the_customers_words_and_the_recourse_told():
    s.complaint.given(s.offered()).when(s.REJECT).then(
        ResolutionRejected(
            complaint_id=s.ID, subject_id=s.SUBJECT, resolution_no=1, recourse="可向消费者协会申诉", words="不同意"
        )
    )


def test_only_an_open_offer_is_answered():
    for given in (s.outcome_known(), s.ready_to_close()):
        for answer in (s.ACCEPT, s.REJECT):
            s.complaint.given(given).when(answer).refused(NoOpenOffer)


def test_a_remedy_follows_acceptance_once():
    s.complaint.given(s.offered()).when(s.REMEDY).refused(NotAccepted)
    accepted = s.after(s.ACCEPT, given=s.offered())
    s.complaint.given(accepted).when(s.REMEDY).then(
        RemedyCompleted(complaint_id=s.ID, resolution_no=1, completed_at=s.REMEDY.now, replacement_serial="S-2")
    )
    s.complaint.given(s.ready_to_close()).when(s.REMEDY).then_nothing()


@pytest.mark.parametrize(
    ("resolution", "more", "fits"),
    [
        ("replace", {"replacement_serial": None}, False),
        ("refund", {"refund_amount": Decimal(5)}, False),
        ("refund", {"refund_amount": Decimal(0), "refund_currency": "CNY"}, False),
        ("refund", {"refund_amount": Decimal(5), "refund_currency": "CNY"}, True),
        ("explanation", {"replacement_serial": None}, True),
    ],
)
def test_a_remedy_is_what_was_offered(resolution, more, fits):
    accepted = s.after(s.DECISION, replace(s.OFFER, resolution=resolution), s.ACCEPT, given=s.triaged())
    outcome = s.complaint.given(accepted).when(replace(s.REMEDY, **more))
    if fits:
        assert len(outcome.events) == 1
    else:
        outcome.refused(RemedyDoesNotFit, resolution=resolution)


def test_satisfaction_is_a_score_from_1_to_5():
    s.complaint.given(s.closed()).when(RecordSatisfaction(score=5)).then(
        SatisfactionRecorded(complaint_id=s.ID, score=5)
    )
    for score in (0, 6):
        s.complaint.given(s.closed()).when(RecordSatisfaction(score=score)).refused(ScoreOutOfRange)


def test_reopening_needs_a_reason_and_a_closed_complaint():
    s.complaint.given(s.closed()).when(s.REOPEN).then(ComplaintReopened(complaint_id=s.ID, reason="换新后再次冒烟"))
    s.complaint.given(s.closed()).when(replace(s.REOPEN, reason="")).refused(ReasonMissing)
    s.complaint.given(s.ready_to_close()).when(s.REOPEN).refused(ComplaintIsOpen)
