"""Clocks and the answer to "why is it due then?"."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from services.intake.domain.complaint.clocks import deadlines
from services.intake.domain.complaint.commands import AcknowledgeComplaint, BreachDeadline
from services.intake.domain.errors import NotBreached
from shared.contracts.intake.complaint import DeadlineBreached
from shared.kernel.testing import LogBook
from tests.unit.intake import states as s
from tests.unit.intake.walks import STREAM, lives, log_of

ACK_DUE = s.RECEIVED + s.DAY
ACKNOWLEDGED = AcknowledgeComplaint(now=s.NOW)


def clocks(events):
    return {one.clock.clock: one.clock for one in deadlines(log_of(events).events)}


def because(events, clock):
    return [
        one.type.removeprefix("intake.")
        for found in deadlines(log_of(events).events)
        if found.clock.clock == clock
        for one in found.because
    ]


def test_the_answer_to_why_it_is_due_then_lists_the_events():
    events = s.after(ACKNOWLEDGED, s.triage(rule=s.SAFETY), s.DECISION, given=s.registered())
    assert because(events, "acknowledgement") == ["ComplaintRegistered", "ComplaintAcknowledged"]
    assert because(events, "final_answer") == ["ComplaintRegistered", "ComplaintTriaged", "CustomerResponseSent"]
    book = LogBook("intake").add(STREAM, *events[:1]).add(STREAM, *events[1:], at=s.NOW)
    first, second, _ = next(d for d in deadlines(book.events) if d.clock.clock == "final_answer").because
    assert (first.position, first.due_at, first.recorded_at) == (1, s.RECEIVED + 30 * s.DAY, s.RECEIVED)
    assert (second.due_at, second.recorded_at, second.event_id) == (
        s.RECEIVED + 3 * s.DAY,
        s.NOW,
        book.events[2].meta.event_id,
    )


def test_an_automatic_receipt_acknowledges_but_is_no_first_response():
    automatic = AcknowledgeComplaint(now=s.NOW, automatic=True)
    found = clocks(s.after(s.triage(), automatic, given=s.registered()))
    assert (found["acknowledgement"].met_at, found["first_response"].met_at) == (s.NOW, None)
    found = clocks(s.after(s.triage(), ACKNOWLEDGED, given=s.registered()))
    assert found["first_response"].met_at == s.NOW


def test_any_answer_acknowledges_and_only_the_decision_is_the_final_one():
    answer = replace(s.DECISION, tells_decision=False)
    for one, met in ((answer, None), (s.DECISION, s.DECISION.now)):
        found = clocks(s.after(one, given=s.registered()))
        assert (found["acknowledgement"].met_at, found["final_answer"].met_at) == (s.DECISION.now, met)


def test_nothing_is_promised_that_was_done_before_triage():
    assert "first_response" not in clocks(s.after(ACKNOWLEDGED, s.triage(), given=s.registered()))
    answered = s.after(s.DECISION, s.triage(at=s.DECISION.now), given=s.registered())
    assert clocks(answered)["final_answer"].due_at == s.RECEIVED + 30 * s.DAY


def test_a_clock_unmet_at_its_due_instant_is_breached_once():
    breach = BreachDeadline(clock="acknowledgement", due_at=ACK_DUE)
    breached = DeadlineBreached(complaint_id=s.ID, clock="acknowledgement", due_at=ACK_DUE)
    s.complaint.given(s.registered()).when(breach).then(breached)
    assert clocks([*s.registered(), breached])["acknowledgement"].breached
    s.complaint.given([*s.registered(), breached]).when(breach).refused(NotBreached)


def test_met_too_late_is_a_breach_and_met_in_time_is_none():
    breach = BreachDeadline(clock="acknowledgement", due_at=ACK_DUE)
    in_time = s.after(AcknowledgeComplaint(now=ACK_DUE), given=s.registered())
    s.complaint.given(in_time).when(breach).refused(NotBreached, clock="acknowledgement", due_at=ACK_DUE)
    late = s.after(AcknowledgeComplaint(now=ACK_DUE + s.HOUR), given=s.registered())
    assert len(s.complaint.given(late).when(breach).events) == 1


def test_the_same_due_time_promised_again_stays_breached():
    due = s.RECEIVED + 30 * s.DAY
    breached = s.after(BreachDeadline(clock="final_answer", due_at=due), given=s.registered())
    minor = s.after(s.triage(rule=s.MINOR), given=breached)
    assert (clocks(minor)["final_answer"].due_at, clocks(minor)["final_answer"].breached) == (due, True)
    later = s.after(s.triage(rule=s.MINOR, at=due), given=minor)
    assert (clocks(later)["final_answer"].due_at, clocks(later)["final_answer"].breached) == (due + 30 * s.DAY, False)


def test_what_was_retargeted_is_not_breached_at_its_old_time():
    retargeted = s.after(s.triage(rule=s.SAFETY), given=s.registered())
    old = BreachDeadline(clock="final_answer", due_at=s.RECEIVED + 30 * s.DAY)
    s.complaint.given(retargeted).when(old).refused(NotBreached)


@given(lives())
def test_the_explanation_ends_where_the_clock_is(events):
    for found in deadlines(log_of(events).events):
        assert found.because[-1].due_at == found.clock.due_at
        assert [one.position for one in found.because] == sorted({one.position for one in found.because})
    assert tuple(found.clock for found in deadlines(log_of(events).events)) == s.complaint.given(events).state.clocks
