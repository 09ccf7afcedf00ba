"""The hard rules of the domain that a CAPA keeps, each under its number."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.capa.domain.capa.commands import (
    CancelAction,
    ChangeDueDate,
    CloseCapa,
    MeasureEffectiveness,
    VerifyAction,
)
from services.capa.domain.capa.state import window
from services.capa.domain.effectiveness import BadItem, Made, measure
from services.capa.domain.errors import (
    AnswersNothing,
    CapaNotComplete,
    CauseNotAddressed,
    CriterionMissing,
    OwnerMissing,
    ReasonMissing,
    VerifierCompleted,
)
from tests.unit.capa.capa import states as s


def test_rule_14_an_action_has_an_owner_a_due_date_and_a_criterion_and_answers_something():
    given = s.capa.given(s.opened())
    given.when(s.plan(owner="")).refused(OwnerMissing)
    given.when(s.plan(criterion="")).refused(CriterionMissing)
    for kind in ("corrective", "supplier_corrective", "containment", "preventive"):
        given.when(s.plan(kind=kind, root_cause_id=None)).refused(AnswersNothing, kind=kind)


def test_rule_14_a_corrective_action_answers_a_cause_that_is_confirmed():
    s.capa.given(s.opened(), s.released()).when(s.plan()).refused(CauseNotAddressed, root_cause_id=s.CAUSE)


def test_rule_14_who_completes_doesnt_verify():
    command = VerifyAction(capa_id=s.ID, action_no=1, met_criterion=True, note="", by=s.OWNER)
    s.capa.given(s.opened(), s.done()).when(command).refused(VerifierCompleted)


def test_rule_14_changing_a_due_date_keeps_the_first():
    change = ChangeDueDate(capa_id=s.ID, action_no=1, due_date=date(2026, 7, 1), reason="模具延期", today=s.TODAY)
    (changed,) = s.capa.given(s.opened(), s.planned()).when(change).events
    (again,) = s.capa.given(s.opened(), s.planned(), changed).when(replace(change, due_date=date(2026, 8, 1))).events
    assert (changed.first_due_date, again.first_due_date) == (s.DUE, s.DUE)


@pytest.mark.parametrize("part", list(s.everything()))
def test_rule_15_a_capa_closes_only_when_nothing_is_missing(part):
    s.capa.given(s.ready_to_close()).when(CloseCapa(capa_id=s.ID)).then(s.CLOSED)
    s.capa.given(s.ready_to_close(without=part)).when(CloseCapa(capa_id=s.ID)).refused(CapaNotComplete)


def test_rule_15_every_action_is_verified_or_cancelled_with_a_reason():
    given = s.capa.given(s.ready_to_close(), s.planned(2, kind="containment", root_cause_id=None, risk="在库品"))
    refusal = given.when(CloseCapa(capa_id=s.ID)).refused(CapaNotComplete)
    assert [(one.code, one.which) for one in refusal.missing] == [("action_unsettled", "2")]
    given.when(CancelAction(capa_id=s.ID, action_no=2, reason="")).refused(ReasonMissing)


def test_rule_18_only_units_made_after_the_cut_in_count_and_the_others_are_shown_apart():
    """The plan's window starts on 1 May, the measure is in place from 10 May: nine days fall away."""
    given = s.capa.given(s.opened(), s.check_planned(made_from=date(2026, 5, 1)), s.done(made_from=s.CUT_IN))
    asked = window(given.state)
    assert asked.made_from == s.CUT_IN
    before, after = date(2026, 5, 9), date(2026, 5, 10)
    made = [Made(product="P-1", day=day, units=20_000) for day in (before, after)]
    bad = [
        BadItem(product="P-1", quantity=Decimal(5), defect_codes=("D-7",), standing="confirmed", production_date=day)
        for day in (before, after, None)
    ]
    counts = measure(made, bad, asked)
    command = MeasureEffectiveness(capa_id=s.ID, measured_on=s.AFTER_THE_WINDOW, counts=counts, positions=())
    (event,) = given.when(command).events
    assert (event.units, event.confirmed_bad, event.ppm) == (20_000, 5, Decimal("250.000"))
    assert (event.bad_before, event.bad_undated) == (5, 5)
