"""How each event changes what the next decision asks."""

from __future__ import annotations

from dataclasses import replace

from services.capa.domain.capa.state import ANSWERS_A_CAUSE, Action, Capa, Check, Measured, Scope, Suspicion
from services.capa.domain.effectiveness import Window
from shared.contracts.capa.capa import (
    ActionApproved,
    ActionCancelled,
    ActionCompleted,
    ActionDueDateChanged,
    ActionPlanned,
    ActionReturned,
    ActionStarted,
    ActionVerified,
    CapaClosed,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    CauseReleased,
    ControlPlanReviewed,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
    LessonRecorded,
    RecurrenceReviewed,
    RecurrenceSuspected,
    SimilaritySearched,
)
from shared.contracts.event import Event


def evolve(capa: Capa, event: Event) -> Capa:  # noqa: PLR0911 - one case an event
    match event:
        case CapaOpened():
            return replace(capa, capa_id=event.capa_id, capa_no=event.capa_no)
        case CauseAddressed():
            return _with_cause(capa, event)
        case CauseReleased():
            return replace(capa, causes={**capa.causes, event.root_cause_id: False})
        case SimilaritySearched():
            return replace(capa, similarity_searched=True)
        case ControlPlanReviewed():
            return replace(capa, control_plan_reviewed=True)
        case LessonRecorded():
            return replace(capa, lesson_recorded=True)
        case CapaClosed():
            return replace(capa, closed=True)
        case CapaReopened():
            return _to_be_shown_anew(replace(capa, closed=False))
        case RecurrenceSuspected() | RecurrenceReviewed():
            return _recurrence(capa, event)
        case _:
            return _action(_effectiveness(capa, event), event)


def _with_cause(capa: Capa, event: CauseAddressed) -> Capa:
    return replace(
        capa,
        causes={**capa.causes, event.root_cause_id: True},
        investigations={**capa.investigations, event.root_cause_id: event.investigation_id},
        scopes={
            **capa.scopes,
            event.root_cause_id: Scope(products=frozenset(event.products), defect_codes=frozenset(event.defect_codes)),
        },
    )


def _to_be_shown_anew(capa: Capa) -> Capa:
    """What was proven then didn't hold."""
    return replace(capa, effectiveness="none", check=None, measured=None)


def _recurrence(capa: Capa, event: RecurrenceSuspected | RecurrenceReviewed) -> Capa:
    key = (event.complaint_id, event.item_no)
    if isinstance(event, RecurrenceSuspected):
        now = Suspicion(complaint_no=event.complaint_no, production_date=event.production_date)
    else:
        now = replace(capa.suspicions[key], verdict=event.verdict)
        capa = _to_be_shown_anew(capa) if event.verdict == "same_cause" else capa
    return replace(capa, suspicions={**capa.suspicions, key: now})


def _action(capa: Capa, event: Event) -> Capa:  # noqa: PLR0911 - one case an event
    match event:
        case ActionPlanned():
            return _planned(capa, event)
        case ActionApproved():
            return capa.with_action(event.action_no, status="approved")
        case ActionReturned():
            return capa.with_action(event.action_no, status="returned")
        case ActionStarted():
            return capa.with_action(event.action_no, status="started")
        case ActionCompleted():
            return capa.with_action(
                event.action_no,
                status="completed",
                completed_by=event.completed_by,
                made_from=event.cut_in.made_from,
            )
        case ActionVerified() if event.met_criterion:
            return capa.with_action(event.action_no, status="verified")
        case ActionVerified():
            return capa.with_action(event.action_no, status="started", completed_by=None, made_from=None)
        case ActionCancelled():
            return capa.with_action(event.action_no, status="cancelled", made_from=None)
        case ActionDueDateChanged():
            return capa.with_action(event.action_no, due_date=event.due_date)
        case _:
            return capa


def _planned(capa: Capa, event: ActionPlanned) -> Capa:
    """A further measure against a cause needs its own proof: what was measured or confirmed before is void."""
    before = capa.actions.get(event.action_no)
    action = Action(
        kind=event.kind,
        status="planned",
        owner=event.owner,
        planned_by=event.planned_by,
        first_due_date=before.first_due_date if before else event.due_date,
        due_date=event.due_date,
        root_cause_id=event.root_cause_id,
    )
    capa = replace(capa, actions={**capa.actions, event.action_no: action})
    if event.kind in ANSWERS_A_CAUSE and capa.effectiveness in ("measured", "confirmed"):
        return replace(capa, effectiveness="planned", measured=None)
    return capa


def _effectiveness(capa: Capa, event: Event) -> Capa:
    match event:
        case EffectivenessCheckPlanned():
            check = Check(
                target_ppm=event.target_ppm,
                minimum_units=event.minimum_units,
                window=Window(
                    made_from=event.made_from,
                    made_to=event.made_to,
                    products=event.products,
                    defect_codes=event.defect_codes,
                ),
            )
            return replace(capa, effectiveness="planned", check=check, measured=None)
        case EffectivenessMeasured():
            measured = Measured(
                measured_on=event.measured_on,
                made_from=event.made_from,
                made_to=event.made_to,
                units=event.units,
                confirmed_bad=event.confirmed_bad,
                bad_undated=event.bad_undated,
            )
            return replace(capa, effectiveness="measured", measured=measured)
        case EffectivenessConfirmed():
            return replace(capa, effectiveness="confirmed")
        case EffectivenessFailed():
            return replace(capa, effectiveness="failed")
        case _:
            return capa
