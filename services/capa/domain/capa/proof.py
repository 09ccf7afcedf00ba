"""Decisions about effectiveness: planned, measured from the logs, confirmed by somebody else or failed (rule 18)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from services.capa.domain import effectiveness
from services.capa.domain.capa.closing import named
from services.capa.domain.capa.commands import (
    ConfirmEffectiveness,
    EffectivenessCommand,
    FailEffectiveness,
    MeasureEffectiveness,
    PlanEffectivenessCheck,
)
from services.capa.domain.capa.state import ANSWERS_A_CAUSE, Capa, Check, Measured, cut_in, window
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
    RecurrenceUnreviewed,
    TargetAboveBaseline,
    TargetMissed,
    TooFewUnits,
    UndatedDecides,
    WindowBeforeCutIn,
    WindowEndsBeforeItStarts,
    WindowNotElapsed,
)
from shared.contracts.capa.capa import (
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
)
from shared.contracts.event import Event


def decide_effectiveness(command: EffectivenessCommand, capa: Capa) -> Sequence[Event]:
    if capa.effectiveness == "confirmed":
        raise EffectivenessIsConfirmed(capa_no=capa.capa_no)
    match command:
        case PlanEffectivenessCheck():
            return [_plan(command, capa)]
        case MeasureEffectiveness():
            return [_measure(command, capa)]
        case ConfirmEffectiveness():
            return [_confirm(command, capa)]
        case FailEffectiveness():
            _measurement(capa)
            return [EffectivenessFailed(capa_id=command.capa_id, note=command.note, evidence=command.evidence)]
        case _:
            assert_never(command)


def _plan(command: PlanEffectivenessCheck, capa: Capa) -> EffectivenessCheckPlanned:
    if command.made_to < command.made_from:
        raise WindowEndsBeforeItStarts(made_from=command.made_from, made_to=command.made_to)
    since = cut_in(capa)
    if since is not None and command.made_from < since:
        raise WindowBeforeCutIn(made_from=command.made_from, cut_in=since)
    if command.target_ppm > command.baseline_ppm:
        raise TargetAboveBaseline(target_ppm=command.target_ppm, baseline_ppm=command.baseline_ppm)
    if command.minimum_units < 1:
        raise NoUnitsAsked
    if not command.products:
        raise NoProduct
    _covers_causes(_window_of(command), capa)
    return EffectivenessCheckPlanned(
        capa_id=command.capa_id,
        metric="confirmed_ppm",
        baseline_ppm=command.baseline_ppm,
        target_ppm=command.target_ppm,
        made_from=command.made_from,
        made_to=command.made_to,
        minimum_units=command.minimum_units,
        products=command.products,
        defect_codes=command.defect_codes,
    )


def _window_of(command: PlanEffectivenessCheck) -> effectiveness.Window:
    return effectiveness.Window(
        made_from=command.made_from,
        made_to=command.made_to,
        products=command.products,
        defect_codes=command.defect_codes,
    )


def _measure(command: MeasureEffectiveness, capa: Capa) -> EffectivenessMeasured:
    check = _check(capa)
    if cut_in(capa) is None:
        raise NoCutInYet(capa_no=capa.capa_no)
    counts = command.counts
    if counts.window != window(capa):
        raise CountedOtherwise(capa_no=capa.capa_no)
    if counts.window.made_to < counts.window.made_from:
        raise WindowEndsBeforeItStarts(made_from=counts.window.made_from, made_to=counts.window.made_to)
    return EffectivenessMeasured(
        capa_id=command.capa_id,
        measured_on=command.measured_on,
        made_from=counts.window.made_from,
        made_to=counts.window.made_to,
        units=counts.units,
        confirmed_bad=counts.confirmed_bad,
        pending_bad=counts.pending_bad,
        bad_before=counts.bad_before,
        bad_undated=counts.bad_undated,
        ppm=effectiveness.ppm(counts.confirmed_bad, counts.units),
        enough_units=counts.units >= check.minimum_units,
        positions=command.positions,
    )


def _confirm(command: ConfirmEffectiveness, capa: Capa) -> EffectivenessConfirmed:
    for action_no, action in capa.actions.items():
        if command.by in (action.owner, action.completed_by) and action.status != "cancelled":
            raise ConfirmerInvolved(action_no=action_no)
    check, measured = _check(capa), _measurement(capa)
    unverified = tuple(no for no in capa.unsettled if capa.actions[no].kind in ANSWERS_A_CAUSE)
    if unverified:
        raise ActionsUnverified(actions=unverified)
    if measured.measured_on <= measured.made_to:
        raise WindowNotElapsed(made_to=measured.made_to, measured_on=measured.measured_on)
    _still_so(command.counts, measured, capa)
    _covers_causes(check.window, capa)
    _within_target(check, measured)
    if capa.unreviewed:
        raise RecurrenceUnreviewed(items=tuple(named(capa, *key) for key in capa.unreviewed))
    return EffectivenessConfirmed(capa_id=command.capa_id, note=command.note, evidence=command.evidence)


def _still_so(now: effectiveness.Counts, measured: Measured, capa: Capa) -> None:
    """Raises CountedOtherwise: what was measured is no longer what the logs say."""
    counted = (now.units, now.confirmed_bad, now.bad_undated)
    if now.window != window(capa) or counted != (measured.units, measured.confirmed_bad, measured.bad_undated):
        raise CountedOtherwise(capa_no=capa.capa_no)


def _covers_causes(asked: effectiveness.Window, capa: Capa) -> None:
    """Raises CheckMissesProduct, CheckMissesDefect: a check of something else proves nothing about the cause."""
    for cause in capa.standing_causes:
        scope = capa.scopes[cause]
        if products := scope.products - set(asked.products):
            raise CheckMissesProduct(missing=tuple(sorted(products)))
        every = not asked.defect_codes
        if not every and (defects := scope.defect_codes - set(asked.defect_codes)):
            raise CheckMissesDefect(missing=tuple(sorted(defects)))
        if not every and not scope.defect_codes:
            raise CheckMissesDefect(missing=("*",))


def _within_target(check: Check, measured: Measured) -> None:
    """Raises TooFewUnits, TargetMissed, or UndatedDecides where it hangs on bad units of unknown date."""
    if measured.units < check.minimum_units:
        raise TooFewUnits(units=measured.units, minimum_units=check.minimum_units)
    if not effectiveness.within_target(measured.confirmed_bad, measured.units, check.target_ppm):
        rate = effectiveness.ppm(measured.confirmed_bad, measured.units)
        assert rate is not None  # noqa: S101 - units ≥ minimum_units ≥ 1
        raise TargetMissed(ppm=rate, target_ppm=check.target_ppm)
    worst = measured.confirmed_bad + measured.bad_undated
    if not effectiveness.within_target(worst, measured.units, check.target_ppm):
        rate = effectiveness.ppm(worst, measured.units)
        assert rate is not None  # noqa: S101 - as above
        raise UndatedDecides(undated=measured.bad_undated, ppm=rate, target_ppm=check.target_ppm)


def _check(capa: Capa) -> Check:
    if capa.check is None:
        raise NoEffectivenessCheck(capa_no=capa.capa_no)
    return capa.check


def _measurement(capa: Capa) -> Measured:
    """The measurement that holds: of the current plan, and counted from the current cut-in."""
    holds = window(capa)
    if capa.effectiveness != "measured" or capa.measured is None or holds is None:
        raise NothingMeasured(capa_no=capa.capa_no)
    if capa.measured.made_from != holds.made_from:
        raise NothingMeasured(capa_no=capa.capa_no)
    return capa.measured
