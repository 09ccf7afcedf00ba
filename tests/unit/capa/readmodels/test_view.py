from datetime import timedelta

from services.capa.domain.errors import Missing
from services.capa.readmodels.capa_view import capa_view
from shared.kernel.testing import START, LogBook
from tests.unit.capa.capa import states as s

STREAM = f"capa-{s.ID}"
HOUR = timedelta(hours=1)


def view(*events):
    return capa_view(LogBook("capa").add(STREAM, *events, by="wang").events)


def test_nothing_recorded_is_nothing_seen():
    assert capa_view([]) is None


def test_what_closing_still_needs_is_shown():
    seen = view(*s.ready_to_close(without="lesson"))
    assert (seen.status, seen.effectiveness, seen.cut_in) == ("open", "confirmed", s.CUT_IN)
    assert seen.missing == (Missing("lesson"),)


def test_a_closed_one_needs_nothing():
    seen = view(*s.closed())
    assert (seen.status, seen.missing, seen.version) == ("closed", (), len(s.closed()))
    assert (seen.measurements, seen.lessons) == ((s.measured(),), (s.LESSON,))


def test_as_of_an_earlier_moment_it_is_the_fold_up_to_there():
    events = LogBook("capa").add(STREAM, *s.closed()).events
    seen = capa_view(events[:4])
    assert (seen.version, seen.actions[0].status) == (4, "approved")


def test_an_action_keeps_who_did_what_when_and_why():
    book = LogBook("capa").add(STREAM, *s.opened(), s.planned(), by=s.PLANNER)
    book.add(STREAM, s.returned(), at=START + HOUR, by=s.APPROVER)
    book.add(STREAM, s.planned(), s.approved(), s.started(), s.completed(), s.verified(met=False), at=START + HOUR)
    (action,) = capa_view(book.events).actions
    assert (action.status, action.cut_in, action.completed_on) == ("started", None, None)
    assert [(step.en, step.by, step.words) for step in action.history[:2]] == [
        ("Action planned", s.PLANNER, None),
        ("Action returned", s.APPROVER, "标准无法测量"),
    ]
    assert action.history[1].at == START + HOUR


def test_a_released_cause_stays_visible_with_its_reason():
    (seen,) = view(*s.opened(), s.released()).causes
    assert (seen.cause.root_cause_id, seen.released.reason) == (s.CAUSE, "证据已更正")
