"""The lists as folds of the log."""

from datetime import date, timedelta
from uuid import UUID

from services.capa.readmodels import action_list, capa_list
from shared.contracts.capa import capa as said
from shared.kernel.readmodel import project
from shared.kernel.testing import START, LogBook
from tests.unit.capa.capa import states as s

DAY = timedelta(days=1)
STREAM = f"capa-{s.ID}"


def capa_row(*events):
    return project(capa_list.MODEL, LogBook("capa").add(STREAM, *events).events)[s.ID,]


def test_a_capa_from_opening_to_closing():
    row = capa_row(*s.closed())
    assert row == {
        "capa_id": s.ID,
        "capa_no": s.NUMBER,
        "title": s.A_CAUSE.statement,
        "status": "closed",
        "investigations": [str(s.INVESTIGATION)],
        "root_causes": [str(s.CAUSE)],
        "products": ["P-1"],
        "defect_codes": ["D-7"],
        "actions": 1,
        "actions_open": 0,
        "effectiveness": "confirmed",
        "opened_at": START,
        "closed_at": START,
        "reopened": 0,
        "recurrences_suspected": 0,
    }


def test_open_actions_are_counted_through_returns_and_failed_verifications():
    events = [*s.opened(), s.planned(1), s.returned(1), s.planned(1), s.planned(2)]
    assert (capa_row(*events)["actions"], capa_row(*events)["actions_open"]) == (2, 2)
    events += [s.approved(1), s.started(1), s.completed(1), s.verified(1, met=False), s.cancelled(2)]
    assert capa_row(*events)["actions_open"] == 1
    assert capa_row(*events, s.completed(1), s.verified(1))["actions_open"] == 0


def test_a_reopened_capa_is_open_without_proven_effect():
    row = capa_row(*s.closed(), said.CapaReopened(capa_id=s.ID, reason="再次发生"))
    assert (row["status"], row["closed_at"], row["reopened"], row["effectiveness"]) == ("open", None, 1, "none")


def test_a_released_cause_leaves_the_list():
    assert capa_row(*s.opened(), s.released())["root_causes"] == []


def test_each_action_with_its_dates():
    later = date(2026, 7, 1)
    moved = said.ActionDueDateChanged(
        capa_id=s.ID, action_no=1, first_due_date=s.DUE, old_due_date=s.DUE, due_date=later, reason="模具延期"
    )
    events = [*s.opened(), *s.done(1), moved, s.planned(2, owner="li")]
    rows = project(action_list.MODEL, LogBook("capa").add(STREAM, *events).events)
    first, second = rows[s.ID, 1], rows[s.ID, 2]
    assert (first["status"], first["due_date"], first["first_due_date"]) == ("completed", later, s.DUE)
    assert (first["made_from"], first["root_cause_id"]) == (s.CUT_IN, s.CAUSE)
    assert (second["status"], second["owner"]) == ("planned", "li")


def test_a_failed_verification_voids_completion_and_cut_in():
    events = [*s.opened(), *s.done(1), s.verified(1, met=False)]
    row = project(action_list.MODEL, LogBook("capa").add(STREAM, *events).events)[s.ID, 1]
    assert (row["status"], row["completed_on"], row["made_from"]) == ("started", None, None)


def test_two_capas_are_two_rows():
    other = UUID(int=9)
    again = said.CapaOpened(capa_id=other, capa_no="A2026-0002", title="x", investigation_id=s.INVESTIGATION)
    book = LogBook("capa").add(STREAM, *s.opened(), at=START).add(f"capa-{other}", again, at=START + DAY)
    rows = project(capa_list.MODEL, book.events)
    assert {key: row["opened_at"] for key, row in rows.items()} == {(s.ID,): START, (other,): START + DAY}
