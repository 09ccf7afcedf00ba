from dataclasses import replace

from services.intake.domain.complaint.commands import CorrectDetail, HandOver, Target
from services.intake.domain.errors import AlreadyHandedOver, ComplaintIsClosed, InvestigationIsConcluded, NotTriaged
from shared.contracts.intake.complaint import ComplaintHandedOver, InvestigationOutcomeRecorded
from shared.kernel.errors import NotFound
from shared.kernel.marked import key_owners
from tests.unit.intake import states as s

OPEN = Target(number="I2026-0007", concluded=False)


def test_it_says_all_that_an_investigation_needs_and_nothing_personal():
    corrected = s.after(CorrectDetail(path="items[1].lot", value="L-9", now=s.NOW, reason="看错"), given=s.triaged())
    (event,) = s.complaint.given(corrected).when(s.HAND_OVER).events
    assert event == ComplaintHandedOver(
        complaint_id=s.ID,
        complaint_no=s.NUMBER,
        investigation_id=s.INVESTIGATION,
        mode="open",
        items=(s.item(lot="L-9"),),
        received_at=s.RECEIVED,
        aware_at=s.RECEIVED,
        severity="major",
        scope="lot",
        harm="none",
        account="K-1",
        region="华东",
    )
    assert key_owners(event) == set()


def test_not_before_triage():
    s.complaint.given(s.registered()).when(s.HAND_OVER).refused(NotTriaged)


def test_not_twice_to_the_same_but_on_to_another():
    s.complaint.given(s.handed_over()).when(s.HAND_OVER).refused(
        AlreadyHandedOver, investigation_id=str(s.INVESTIGATION)
    )
    other = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join", target=OPEN)
    moved = s.after(other, given=s.handed_over())
    s.complaint.given(moved).when(s.OUTCOME).then_nothing()
    outcome = replace(s.OUTCOME, investigation_id=s.OTHER_INVESTIGATION)
    assert len(s.complaint.given(moved).when(outcome).events) == 1


def test_not_to_a_second_one_of_its_own_while_the_first_has_no_outcome():
    again = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="open")
    s.complaint.given(s.handed_over()).when(again).refused(AlreadyHandedOver, investigation_id=str(s.INVESTIGATION))
    known = s.after(s.OUTCOME, given=s.handed_over())
    assert s.complaint.given(known).when(again).refusal is None
    joined = s.after(HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join", target=OPEN), given=s.triaged())
    assert s.complaint.given(joined).when(s.HAND_OVER).refusal is None  # it can still get one of its own


def test_not_to_an_investigation_that_is_concluded_or_never_was():
    join = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join", target=replace(OPEN, concluded=True))
    s.complaint.given(s.triaged()).when(join).refused(InvestigationIsConcluded, investigation_no="I2026-0007")
    s.complaint.given(s.triaged()).when(replace(join, target=None)).refused(NotFound)


def test_not_when_closed():
    other = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join", target=OPEN)
    s.complaint.given(s.closed()).when(other).refused(ComplaintIsClosed, complaint_no=s.NUMBER)


def test_the_outcome_is_recorded_also_after_closure():
    for given in (s.handed_over(), s.closed()):
        s.complaint.given(given).when(s.OUTCOME).then(
            InvestigationOutcomeRecorded(
                complaint_id=s.ID,
                investigation_id=s.INVESTIGATION,
                outcome="root_cause_confirmed",
                statement="保压不足",
            )
        )
