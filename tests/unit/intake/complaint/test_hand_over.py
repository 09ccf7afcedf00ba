from dataclasses import replace

from services.intake.domain.complaint.commands import CorrectDetail, HandOver
from services.intake.domain.errors import AlreadyHandedOver, ComplaintIsClosed, NotTriaged
from shared.contracts.intake.complaint import ComplaintHandedOver, InvestigationOutcomeRecorded
from shared.kernel.marked import key_owners
from tests.unit.intake import states as s


def test_it_says_all_that_an_investigation_needs_and_nothing_personal():
    corrected = s.after(CorrectDetail(path="items[1].lot", value="L-9", reason="看错"), given=s.triaged())
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
    other = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join")
    moved = s.after(other, given=s.handed_over())
    s.complaint.given(moved).when(s.OUTCOME).then_nothing()
    outcome = replace(s.OUTCOME, investigation_id=s.OTHER_INVESTIGATION)
    assert len(s.complaint.given(moved).when(outcome).events) == 1


def test_not_when_closed():
    other = HandOver(investigation_id=s.OTHER_INVESTIGATION, mode="join")
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
