from services.intake.domain.complaint.commands import AcknowledgeComplaint
from services.intake.domain.errors import AlreadyAcknowledged
from shared.contracts.intake.complaint import ComplaintAcknowledged, ComplaintTriaged, EmergencyResponseActivated
from shared.kernel.errors import NotFound
from tests.unit.intake import states as s


def test_an_acknowledgement_says_whether_a_person_made_it():
    for automatic in (False, True):
        s.complaint.given(s.registered()).when(AcknowledgeComplaint(now=s.NOW, automatic=automatic)).then(
            ComplaintAcknowledged(complaint_id=s.ID, acknowledged_at=s.NOW, automatic=automatic)
        )


def test_once_is_enough():
    given = s.after(AcknowledgeComplaint(now=s.NOW), given=s.registered())
    s.complaint.given(given).when(AcknowledgeComplaint(now=s.NOW)).refused(AlreadyAcknowledged, at=s.NOW)


def test_the_event_says_by_which_row_of_which_version_and_why():
    (event,) = s.complaint.given(s.registered()).when(s.triage()).events
    assert isinstance(event, ComplaintTriaged)
    assert (event.rules, event.rules_version, event.matched_row) == ("triage", 2, "some")
    assert (event.why_zh, event.why_en) == ("数量不少", "some are affected")
    assert event.inputs == s.sums(harm='"none"')
    assert (event.rule_answer, event.answer, event.override_reason) == (s.MAJOR, s.MAJOR, None)
    assert (event.triage_no, event.after_closure) == (1, False)


def test_an_answer_with_a_plan_switches_the_emergency_response_on_once():
    (_, plan) = s.complaint.given(s.registered()).when(s.triage(rule=s.SAFETY)).events
    assert plan == EmergencyResponseActivated(complaint_id=s.ID, plan="safety", triage_no=1)
    again = s.complaint.given(s.after(s.triage(rule=s.SAFETY), given=s.registered())).when(s.triage(rule=s.SAFETY))
    assert [type(event) for event in again.events] == [ComplaintTriaged]


def test_what_was_never_registered_cant_be_triaged():
    s.complaint.given().when(s.triage()).refused(NotFound, what="complaint")
