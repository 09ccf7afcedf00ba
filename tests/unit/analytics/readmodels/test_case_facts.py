"""One row a complaint, from two logs in whatever order they come."""

import pytest

from services.analytics.readmodels import case_facts
from shared.kernel.readmodel import project
from shared.kernel.testing import START, LogBook
from tests.unit.analytics import story as s


def row(intake=(), investigation=()):
    events = [e for nth, one in enumerate(intake) for e in _one("intake", one, nth)]
    events += [e for nth, one in enumerate(investigation) for e in _one("investigation", one, nth)]
    return project(case_facts.MODEL, events)[s.FIRST,]


def _one(service, event, nth):
    return LogBook(service).add("x-1", event, at=START + nth * s.DAY).events


def test_every_step_has_its_moment():
    (case,) = [r for (key,), r in project(case_facts.MODEL, s.logs()["intake"]).items() if key == s.FIRST]
    assert {name: case[name] - START for name in case if name.endswith("_at") and case[name] is not None} == {
        "received_at": 0 * s.DAY,
        "aware_at": 0 * s.DAY,
        "promised_at": 20 * s.DAY,
        "acknowledged_at": s.HOUR,
        "first_response_at": s.HOUR,
        "triaged_at": 2 * s.HOUR,
        "handed_over_at": 3 * s.HOUR,
        "outcome_at": 6 * s.DAY,
        "offered_at": 7 * s.DAY,
        "accepted_at": 8 * s.DAY,
        "remedied_at": 9 * s.DAY,
        "closed_at": 10 * s.DAY,
    }
    assert (case["status"], case["closures"], case["severity"], case["account"]) == ("closed", 1, "major", "ACC-1")


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], "registered"),
        ([s.acknowledged()], "acknowledged"),
        ([s.triaged(), s.acknowledged()], "triaged"),
        ([s.triaged(), s.handed_over()], "handed_over"),
        ([s.handed_over(), s.outcome_recorded()], "outcome_known"),
        ([s.outcome_recorded(), s.offered()], "resolution_offered"),
        ([s.outcome_recorded(), s.offered(), s.REJECTED], "outcome_known"),
        ([s.offered(), s.ACCEPTED], "resolved"),
        ([s.offered(), s.ACCEPTED, s.closed()], "closed"),
        ([s.outcome_recorded(), s.offered(), s.ACCEPTED, s.closed(), s.REOPENED], "outcome_known"),
    ],
)
def test_the_status_is_the_furthest_step(events, status):
    assert row([s.registered(), *events])["status"] == status


def test_only_a_person_gives_the_first_response():
    assert row([s.registered(), s.acknowledged(1, automatic=True)])["first_response_at"] is None
    by_mail = row([s.registered(), s.acknowledged(1, automatic=True), s.answered(3), s.answered(2, automatic=True)])
    assert by_mail["first_response_at"] == START + 3 * s.HOUR
    assert by_mail["acknowledged_at"] == START + s.HOUR


def test_the_first_promise_stays():
    later = s.promise(s.PROMISED + s.DAY)
    assert row([s.registered(), s.triaged(), s.triaged(promises=(later,))])["promised_at"] == s.PROMISED
    first = s.registered(promises=(s.promise(clock="acknowledgement"), later))
    assert row([first, s.triaged()])["promised_at"] == s.PROMISED + s.DAY


def test_a_reopened_case_counts_its_last_closure():
    again = row([s.registered(), s.closed(10), s.REOPENED])
    assert (again["closed_at"], again["closures"], again["reopenings"]) == (None, 1, 1)
    twice = row([s.registered(), s.closed(10), s.REOPENED, s.closed(15)])
    assert (twice["closed_at"], twice["closures"]) == (START + 15 * s.DAY, 2)


def test_corrections_of_what_is_kept_are_followed():
    fixed = row([s.registered(), s.corrected("received_at", '"2026-01-04T08:00:00Z"'), s.corrected("order_no", '"O"')])
    assert fixed["received_at"] == START - s.DAY
    assert row([s.registered(), s.corrected("customer.region", '"华东"')])["region"] == "华东"


def test_joining_and_leaving_an_investigation():
    assert row([s.registered()], [s.joined()])["investigation_id"] == s.INVESTIGATION
    assert row([s.registered()], [s.joined(), s.left()])["investigation_id"] is None


def test_heard_of_before_it_was_registered_the_row_is_partial():
    partial = row(investigation=[s.joined(), s.verified()])
    assert (partial["received_at"], partial["verified_at"]) == (None, START + s.DAY)
