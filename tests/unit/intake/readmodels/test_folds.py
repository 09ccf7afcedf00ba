"""The read models of intake as folds, held against the complaint's own state."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given

from services.intake.domain.complaint import commands as ask
from services.intake.readmodels import complaint_list, due_times, subject_complaints
from services.intake.readmodels.complaint_view import status_of
from shared.kernel.readmodel import project
from tests.unit.intake import states as s
from tests.unit.intake.walks import lives, log_of


def row(events):
    (found,) = project(complaint_list.MODEL, log_of(events).events).values()
    return found


def due(events):
    rows = project(due_times.MODEL, log_of(events).events).values()
    return {(one["timer"], one["due_at"]) for one in rows}


@given(lives())
def test_the_list_says_of_a_complaint_what_its_own_fold_says(events):
    state, listed = s.complaint.given(events).state, row(events)
    assert listed["status"] == status_of(state)
    assert (listed["severity"] if state.triage else None) == (state.triage.answer.severity if state.triage else None)
    assert (listed["investigation_id"], listed["outcome"]) == (state.investigation_id, state.outcome)
    assert listed["customer_name"] == state.form.customer.name
    assert listed["lots"] == [state.form.items[0].lot]
    assert (listed["closed_at"] is not None) == state.closed


@given(lives())
def test_what_is_due_is_what_the_clocks_say(events):
    state = s.complaint.given(events).state
    waiting = {
        (clock.clock, clock.due_at)
        for clock in state.clocks
        if not clock.breached and (clock.met_at is None or clock.met_at > clock.due_at)
    }
    if state.offer is not None and state.answer is None:
        waiting.add((due_times.SILENCE, state.offer.respond_by))
    assert due(events) == waiting


@given(lives())
def test_every_due_time_leads_to_a_command_that_is_not_refused(events):
    for timer, due_at in due(events):
        silent = ask.AcceptResolution(now=due_at, by="silence")
        command = silent if timer == due_times.SILENCE else ask.BreachDeadline(clock=timer, due_at=due_at)
        outcome = s.complaint.given(events).when(command)
        assert outcome.refusal is None
        assert (timer, due_at) not in due(events + outcome.events)


def test_a_row_says_what_is_filtered_by():
    found = row(s.registered(items=(s.item(1), s.item(2, lot=None), s.item(3, product="P-1", defect_codes=("D-8",)))))
    assert (found["products"], found["lots"]) == (["P-1", "P-2"], ["L-1", "L-3"])
    assert found["defect_codes"] == ["D-7", "D-8"]
    assert (found["channel"], found["account"], found["region"]) == ("phone", "K-1", "华东")
    assert (found["status"], found["severity"], found["severity_rank"]) == ("registered", None, 0)


def test_corrections_reach_the_list():
    given = s.after(
        ask.CorrectDetail(path="items[1].product", value="P-9", now=s.NOW, reason="更正"),
        ask.CorrectDetail(path="items[1].defect_codes", value=["D-1", "D-2"], now=s.NOW, reason="更正"),
        ask.CorrectDetail(path="customer.account", value=None, now=s.NOW, reason="更正"),
        given=s.registered(),
    )
    found = row(given)
    assert (found["products"], found["defect_codes"], found["account"]) == (["P-9"], ["D-1", "D-2"], None)


def test_whose_complaints_these_are_and_when_they_were_closed():
    other = [replace(s.registered()[0], complaint_id=UUID(int=9), complaint_no="C2026-000002")]
    book = log_of(s.closed()).add(f"complaint-{UUID(int=9)}", *other)
    rows = project(subject_complaints.MODEL, book.events)
    assert {(one["subject_id"], one["complaint_no"], one["closed_on"]) for one in rows.values()} == {
        (s.SUBJECT, s.NUMBER, date(2026, 1, 5)),
        (s.SUBJECT, "C2026-000002", None),
    }
    reopened = project(subject_complaints.MODEL, log_of(s.after(s.REOPEN, given=s.closed())).events)
    assert [one["closed_on"] for one in reopened.values()] == [None]
