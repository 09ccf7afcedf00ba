"""On-time closure, volume, stage times, status board, responsibility: exact figures on small numbers."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.analytics.domain.facts import CapaFact, InvestigationFact, ShareFact, verdict_of
from services.analytics.domain.kpi.on_time import OnTime, on_time
from services.analytics.domain.kpi.responsibility import by_party
from services.analytics.domain.kpi.stage_times import STAGES, stage_times
from services.analytics.domain.kpi.status_board import status_board
from services.analytics.domain.kpi.volume import volume
from tests.unit.analytics.cases import DAY, HOUR, MONDAY, case, item

NOW = MONDAY + 10 * DAY
DUE = MONDAY + 5 * DAY


def test_on_time_is_closed_by_the_first_promise_over_all_that_fell_due_open_ones_included():
    cases = [
        case(1, promised_at=DUE, closed_at=DUE),
        case(2, promised_at=DUE, closed_at=DUE + HOUR),
        case(3, promised_at=DUE),
        case(4, promised_at=NOW, closed_at=MONDAY + DAY),
        case(5, promised_at=NOW + HOUR, closed_at=MONDAY + DAY),
        case(6, closed_at=DUE),
    ]
    assert on_time(cases, NOW) == OnTime(
        due=4, on_time=2, closed_late=1, open_late=1, not_due=1, without_promise=1, rate=Decimal("0.5000")
    )


def test_nothing_due_has_no_rate():
    assert on_time([case(promised_at=NOW + HOUR)], NOW).rate is None


def test_a_reopened_case_is_open_again():
    assert on_time([case(promised_at=DUE, closures=1, reopenings=1)], NOW).open_late == 1


def test_volume_splits_by_verdict_severity_and_channel():
    cases = [
        case(1, verdict="justified", severity="major"),
        case(2, verdict="ntf", channel="phone"),
        case(3, verdict="justified", severity="safety"),
    ]
    counted = volume(cases)
    assert counted.complaints == 3
    assert counted.by_verdict == {"justified": 2, "not_justified": 0, "ntf": 1, "pending": 0}
    assert counted.by_severity == {"major": 1, "safety": 1, "untriaged": 1}
    assert counted.by_channel == {"email": 2, "phone": 1}


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], "pending"),
        ([None, "ntf"], "pending"),
        ([None, "confirmed"], "justified"),
        (["ntf", "use_error"], "not_justified"),
        (["ntf", "ntf"], "ntf"),
        (["not_confirmed"], "not_justified"),
    ],
)
def test_the_verdict_of_a_case_from_its_items(outcomes, verdict):
    assert verdict_of([item(outcome=outcome) for outcome in outcomes]) == verdict


def stage(name, *cases, as_of=NOW):
    return next(one for one in stage_times(cases, as_of) if one.stage == name)


def test_a_stage_time_is_the_median_with_open_cases_as_censored():
    ended = [case(n, first_response_at=MONDAY + n * HOUR) for n in (1, 2, 3)]
    still_open = [case(n) for n in (4, 5, 6)]
    assert stage("first_response", *ended).median == 2 * HOUR
    with_open = stage("first_response", *ended, *still_open)
    assert (with_open.started, with_open.ended, with_open.under_way) == (6, 3, 3)
    assert with_open.median == 3 * HOUR


def test_time_to_closure_counts_the_last_closure():
    assert stage("closure", case(closed_at=MONDAY + 4 * DAY, closures=2, reopenings=1)).median == 4 * DAY
    assert stage("closure", case(closures=1, reopenings=1)).median is None


def test_as_of_a_moment_later_steps_are_not_known():
    answered = case(first_response_at=MONDAY + 3 * DAY)
    then = stage("first_response", answered, as_of=MONDAY + DAY)
    assert (then.ended, then.under_way, then.median) == (0, 1, None)
    assert stage("first_response", case(received_at=NOW + HOUR)).started == 0


def test_a_case_closed_without_the_step_is_seen_up_to_its_closure():
    closed = case(1, handed_over_at=MONDAY, closed_at=MONDAY + DAY)
    others = [case(n, handed_over_at=MONDAY, verified_at=MONDAY + 2 * DAY) for n in (2, 3)]
    (step,) = stage("verification", closed, *others).steps
    assert (step.under_way, step.ended) == (2, 2)


def test_an_end_before_its_start_is_left_out_and_said():
    odd = case(1, handed_over_at=MONDAY + DAY, verified_at=MONDAY)
    seen = stage("verification", odd, case(2, handed_over_at=MONDAY, verified_at=MONDAY + HOUR))
    assert (seen.started, seen.ended, seen.backwards, seen.median) == (2, 1, 1, HOUR)


def test_all_stages_come_in_their_order():
    assert [one.stage for one in stage_times([], NOW)] == list(STAGES)


def test_the_status_board_shows_the_backlog_by_age_and_what_is_overdue():
    cases = [
        case(1, received_at=NOW - 7 * DAY, promised_at=NOW - HOUR),
        case(2, received_at=NOW - 8 * DAY, status="triaged", promised_at=NOW + HOUR),
        case(3, received_at=NOW - 100 * DAY, status="closed", closed_at=NOW - DAY, promised_at=NOW - 2 * DAY),
        case(4, received_at=NOW - 91 * DAY, status="triaged"),
    ]
    opened = {"investigation_id": UUID(int=1), "investigation_no": "I2026-0001", "opened_at": MONDAY}
    investigations = [
        InvestigationFact(**opened),
        InvestigationFact(**opened, concluded_at=NOW, outcome="ntf"),
    ]
    told = {"capa_id": UUID(int=1), "capa_no": "A2026-0001", "opened_at": MONDAY, "products": ()}
    capas = [CapaFact(**told, effectiveness="measured"), CapaFact(**told, effectiveness="confirmed", closed_at=NOW)]
    board = status_board(cases, investigations, capas, NOW)
    assert {status: n for status, n in board.complaints.items() if n} == {"registered": 1, "triaged": 2, "closed": 1}
    assert board.backlog == {"≤7d": {"registered": 1}, "≤30d": {"triaged": 1}, "≤90d": {}, ">90d": {"triaged": 1}}
    assert board.overdue == 1
    assert board.investigations == {"ntf": 1, "open": 1}
    assert board.capas == {"closed": 1, "open_measured": 1}


def test_responsibility_by_party_leaves_appealed_shares_apart():
    def share(code, kind, percent, **more):
        return ShareFact(
            investigation_id=UUID(int=1),
            root_cause_id=UUID(int=2),
            party_kind="department",
            party_code=code,
            share_kind=kind,
            percent=None if percent is None else Decimal(percent),
            rule="R-1",
            clause="8.5.1",
            leg="occurrence",
            node="op-20",
            products=("P-1",),
            defect_codes=(),
            confirmed_at=MONDAY,
            **more,
        )

    records = by_party(
        [
            share("production", "primary", 70),
            share("quality", "secondary", 30),
            share("quality", "primary", 60, appealed=True),
            share("plant", "management", None),
            share("production", "secondary", 20),
        ]
    )
    assert [(r.party_code, r.primary, r.secondary, r.management, r.appealed, r.percent) for r in records] == [
        ("production", 1, 1, 0, 0, 90),
        ("quality", 0, 1, 0, 1, 30),
        ("plant", 0, 0, 1, 0, 0),
    ]


def test_durations_are_elapsed_time():
    assert stage("acknowledgement", case(acknowledged_at=MONDAY + timedelta(days=5))).median == timedelta(days=5)
