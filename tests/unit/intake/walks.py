"""Random lives of a complaint: commands in any order, those that are refused left out."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from services.intake.domain.complaint import commands as ask
from shared.contracts.event import Event
from shared.kernel.testing import LogBook
from tests.unit.intake import states as s

STREAM = f"complaint-{s.ID}"


def _commands(hours):
    now = s.NOW + hours * s.HOUR
    return (
        ask.AcknowledgeComplaint(now=now),
        ask.AcknowledgeComplaint(now=now, automatic=True),
        s.triage(at=now, rule=s.MINOR),
        s.triage(at=now, rule=s.SAFETY),
        s.triage(at=now, answer=s.SAFETY, override_reason="客户是医院"),
        s.HAND_OVER,
        replace(s.HAND_OVER, investigation_id=s.OTHER_INVESTIGATION, mode="join"),
        s.OUTCOME,
        replace(s.DECISION, now=now),
        replace(s.DECISION, now=now, tells_decision=False),
        replace(s.DECISION, now=now, automatic=True),
        replace(s.OFFER, now=now),
        replace(s.ACCEPT, now=now),
        ask.AcceptResolution(now=now, by="silence"),
        s.REJECT,
        replace(s.REMEDY, now=now),
        replace(s.CLOSE, now=now),
        s.REOPEN,
        ask.CorrectDetail(path="items[1].lot", value=f"L-{hours}", now=now, reason="更正"),
        ask.CorrectDetail(path="customer.name", value=f"王{hours}", now=now, reason="更正"),
        ask.RecordSatisfaction(score=3),
    )


@st.composite
def lives(draw) -> list[Event]:
    """Hours between commands are such that clocks break now and then; breaches come when the timer would fire."""
    events, hours = s.registered(), 0
    for which, pause in draw(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([0, 1, 30, 400])), max_size=14)):
        hours += pause
        for clock in s.complaint.given(events).state.clocks if draw(st.booleans()) else ():
            if clock.due_at <= s.NOW + hours * s.HOUR:
                breach = ask.BreachDeadline(clock=clock.clock, due_at=clock.due_at)
                events += s.complaint.given(events).when(breach).events
        events += s.complaint.given(events).when(_commands(hours)[which]).events
    return events


def log_of(events) -> LogBook:
    return LogBook("intake").add(STREAM, *events)
