from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.capa.domain.capa.commands import FailEffectiveness, MeasureEffectiveness
from services.capa.domain.errors import (
    ActionsUnverified,
    CheckMissesDefect,
    CheckMissesProduct,
    ConfirmerInvolved,
    CountedOtherwise,
    EffectivenessIsConfirmed,
    NoCutInYet,
    NoEffectivenessCheck,
    NoProduct,
    NothingMeasured,
    NoUnitsAsked,
    TargetAboveBaseline,
    TargetMissed,
    TooFewUnits,
    UndatedDecides,
    WindowBeforeCutIn,
    WindowEndsBeforeItStarts,
    WindowNotElapsed,
)
from shared.contracts.capa import capa as said
from shared.contracts.investigation.responsibility import LogPosition
from tests.unit.capa.capa import states as s

VERIFIED = [*s.opened(), *s.done(), s.verified()]
PLANNED = [*VERIFIED, s.check_planned()]
MEASURED = [*PLANNED, s.measured()]
POSITIONS = (LogPosition(service="intake", position=7), LogPosition(service="investigation", position=9))
CONFIRM = s.confirm()


def measure(counts=s.COUNTS, measured_on=s.AFTER_THE_WINDOW):
    return MeasureEffectiveness(capa_id=s.ID, measured_on=measured_on, counts=counts, positions=POSITIONS)


def test_a_check_is_planned():
    s.capa.given(VERIFIED).when(s.plan_check()).then(s.check_planned())


def test_a_check_may_be_planned_before_anything_is_completed():
    s.capa.given(s.opened()).when(s.plan_check(made_from=date(2026, 5, 1))).then(
        s.check_planned(made_from=date(2026, 5, 1))
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"made_to": s.CUT_IN - timedelta(days=1)}, WindowEndsBeforeItStarts),
        ({"made_from": s.CUT_IN - timedelta(days=1)}, WindowBeforeCutIn),
        ({"target_ppm": Decimal(801)}, TargetAboveBaseline),
        ({"minimum_units": 0}, NoUnitsAsked),
        ({"products": ()}, NoProduct),
    ],
)
def test_a_check_that_could_prove_nothing_is_refused(changes, error):
    s.capa.given(VERIFIED).when(s.plan_check(**changes)).refused(error)


def test_a_measurement_states_the_rate_and_what_stands_beside_it():
    s.capa.given(PLANNED).when(measure()).then(
        said.EffectivenessMeasured(
            capa_id=s.ID,
            measured_on=s.AFTER_THE_WINDOW,
            made_from=s.CUT_IN,
            made_to=s.LAST_DAY,
            units=40_000,
            confirmed_bad=Decimal(1),
            pending_bad=Decimal(2),
            bad_before=Decimal(9),
            bad_undated=Decimal(3),
            ppm=Decimal("25.000"),
            enough_units=True,
            positions=POSITIONS,
        )
    )


def test_nothing_made_gives_no_rate():
    outcome = s.capa.given(PLANNED).when(measure(replace(s.COUNTS, units=0, confirmed_bad=Decimal(0))))
    (event,) = outcome.events
    assert (event.ppm, event.enough_units) == (None, False)


def test_measuring_needs_a_plan_a_cut_in_and_counts_of_that_window():
    s.capa.given(VERIFIED).when(measure()).refused(NoEffectivenessCheck)
    s.capa.given(s.opened(), s.check_planned()).when(measure()).refused(NoCutInYet)
    other = replace(s.COUNTS, window=replace(s.WINDOW, made_to=date(2026, 6, 9)))
    s.capa.given(PLANNED).when(measure(other)).refused(CountedOtherwise)


def test_somebody_else_confirms():
    s.capa.given(MEASURED).when(CONFIRM).then(s.confirmed())
    s.capa.given(MEASURED).when(replace(CONFIRM, by=s.OWNER)).refused(ConfirmerInvolved, action_no=1)
    other = [s.planned(), s.approved(), s.started(), s.completed(by="somebody"), s.verified()]
    given = [*s.opened(), *other, s.check_planned(), s.measured()]
    s.capa.given(given).when(replace(CONFIRM, by="somebody")).refused(ConfirmerInvolved, action_no=1)


def test_confirming_needs_a_measurement_after_the_window():
    s.capa.given(PLANNED).when(CONFIRM).refused(NothingMeasured)
    s.capa.given(PLANNED, s.measured(measured_on=s.LAST_DAY)).when(CONFIRM).refused(
        WindowNotElapsed, made_to=s.LAST_DAY, measured_on=s.LAST_DAY
    )


def test_confirming_needs_enough_units():
    s.capa.given(PLANNED, s.measured(units=9_999, bad=0)).when(s.confirm(units=9_999, bad=0)).refused(
        TooFewUnits, units=9_999, minimum_units=10_000
    )


def test_confirming_needs_the_target_met_exactly():
    def judged(**counted):
        return s.capa.given(PLANNED, s.measured(**counted)).when(s.confirm(**counted))

    judged(units=40_000, bad=2).then(s.confirmed())  # 50 ppm, the target
    judged(units=39_999, bad=2).refused(TargetMissed, ppm=Decimal("50.001"))
    judged(units=39_999_999_999, bad=2_000_000).refused(TargetMissed, ppm=Decimal("50.000"))  # rounds to it, is above


def test_rule_18_where_the_answer_hangs_on_units_of_unknown_date_nobody_confirms():
    def judged(**counted):
        return s.capa.given(PLANNED, s.measured(**counted)).when(s.confirm(**counted))

    judged(bad=1, undated=1).then(s.confirmed())  # 50 ppm at worst
    judged(bad=1, undated=2).refused(UndatedDecides, undated=Decimal(2), ppm=Decimal("75.000"))
    judged(bad=0, undated=3).refused(UndatedDecides)


@pytest.mark.parametrize("since", [{"bad": 900_000}, {"units": 40_001}, {"undated": 1}, {"bad": 0}])
def test_what_was_measured_must_still_be_so_when_it_is_confirmed(since):
    s.capa.given(MEASURED).when(s.confirm(**since)).refused(CountedOtherwise)


def test_rule_18_a_check_is_about_the_products_and_defects_of_every_cause():
    s.capa.given(VERIFIED).when(s.plan_check(defect_codes=("NODEFECT",))).refused(CheckMissesDefect, missing=("D-7",))
    s.capa.given(VERIFIED).when(s.plan_check(products=("P-2",))).refused(CheckMissesProduct, missing=("P-1",))
    more = s.plan_check(products=("P-1", "P-2"), defect_codes=("D-7", "D-8"))
    assert s.capa.given(VERIFIED).when(more).refusal is None
    assert s.capa.given(VERIFIED).when(s.plan_check(defect_codes=())).refusal is None
    every = [s.opened()[0], s.addressed(replace(s.A_CAUSE, defect_codes=())), *s.done(), s.verified()]
    s.capa.given(every).when(s.plan_check()).refused(CheckMissesDefect, missing=("*",))


def test_rule_18_a_cause_that_joined_after_the_plan_is_looked_at_too():
    joined = s.addressed(replace(s.ANOTHER_CAUSE, products=("P-9",)))
    s.capa.given([*MEASURED, joined]).when(CONFIRM).refused(CheckMissesProduct, missing=("P-9",))
    s.capa.given([*MEASURED, joined, s.released(s.OTHER_CAUSE)]).when(CONFIRM).then(s.confirmed())


def test_confirming_needs_every_measure_verified():
    second = [s.planned(2), s.approved(2), s.started(2), s.completed(2)]
    given = [*VERIFIED, *second, s.check_planned(), s.measured()]
    s.capa.given(given).when(CONFIRM).refused(ActionsUnverified, actions=(2,))


def test_a_later_cut_in_voids_the_measurement():
    given = [*MEASURED, *s.done(2, made_from=date(2026, 5, 20)), s.verified(2)]
    s.capa.given(given).when(CONFIRM).refused(NothingMeasured)


def test_a_measure_that_was_under_way_when_it_was_measured_voids_it_by_its_own_cut_in():
    under_way = [*VERIFIED, s.planned(2), s.approved(2), s.started(2), s.check_planned(), s.measured()]
    same_day = [*under_way, s.completed(2), s.verified(2)]
    later = [*under_way, s.completed(2, made_from=date(2026, 5, 20)), s.verified(2)]
    s.capa.given(same_day).when(CONFIRM).then(s.confirmed())
    s.capa.given(later).when(CONFIRM).refused(NothingMeasured)


def test_a_further_measure_voids_the_confirmation():
    assert s.capa.given(MEASURED, s.confirmed(), s.planned(2)).state.effectiveness == "planned"
    contained = s.planned(2, kind="containment", root_cause_id=None, risk="在库品")
    assert s.capa.given(MEASURED, s.confirmed(), contained).state.effectiveness == "confirmed"


def test_a_failed_check_is_planned_anew():
    failed = said.EffectivenessFailed(capa_id=s.ID, note="62 ppm")
    s.capa.given(MEASURED).when(FailEffectiveness(capa_id=s.ID, note="62 ppm")).then(failed)
    s.capa.given(MEASURED, failed).when(CONFIRM).refused(NothingMeasured)
    s.capa.given(MEASURED, failed).when(s.plan_check()).then(s.check_planned())


def test_nothing_more_is_measured_once_confirmed():
    s.capa.given(MEASURED, s.confirmed()).when(measure()).refused(EffectivenessIsConfirmed)
