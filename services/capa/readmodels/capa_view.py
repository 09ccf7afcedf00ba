"""One CAPA as it stands, with who did what when: the fold of its stream, at any moment of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.capa.domain.capa.closing import what_is_missing
from services.capa.domain.capa.decider import CAPA
from services.capa.domain.capa.state import ActionStatus, Capa, Effectiveness, cut_in
from services.capa.domain.errors import Missing
from shared.contracts.capa.capa import (
    ActionApproved,
    ActionCancelled,
    ActionCompleted,
    ActionDueDateChanged,
    ActionPlanned,
    ActionReturned,
    ActionStarted,
    ActionVerified,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    CauseReleased,
    ControlPlanReviewed,
    CutIn,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
    LessonRecorded,
    RecurrenceReviewed,
    RecurrenceSuspected,
    SimilaritySearched,
)
from shared.contracts.event import Event, type_of
from shared.contracts.evidence import EvidenceRef
from shared.contracts.words import ActionKind
from shared.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was done: which event, by whom (opaque id), when, the words given for it, what it cites."""

    zh: str
    en: str
    by: str
    at: datetime
    words: str | None = None
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseSeen:
    """`released` tells why the cause is no longer this CAPA's to answer."""

    cause: CauseAddressed
    released: CauseReleased | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceSeen:
    """`reviewed` None: it waits for a person."""

    suspected: RecurrenceSuspected
    reviewed: RecurrenceReviewed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSeen:
    """`due_date` holds now, `first_due_date` was promised first; `overdue` can be told from them and today."""

    action_no: int
    kind: ActionKind
    title: str
    owner: str
    department: str
    first_due_date: date
    due_date: date
    criterion: str
    status: ActionStatus
    root_cause_id: UUID | None
    complaint_id: UUID | None
    risk: str | None
    completed_on: date | None = None
    cut_in: CutIn | None = None
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CapaView:
    """`missing` is what closing still needs. `cut_in` is the production date from which every measure is in place.

    Of `measurements` and their kind the last one holds; the earlier ones stay to be seen.
    """

    id: UUID
    capa_no: str
    title: str
    version: int
    status: Literal["open", "closed"]
    effectiveness: Effectiveness
    cut_in: date | None
    causes: tuple[CauseSeen, ...] = ()
    actions: tuple[ActionSeen, ...] = ()
    similarity_searches: tuple[SimilaritySearched, ...] = ()
    control_plan_reviews: tuple[ControlPlanReviewed, ...] = ()
    effectiveness_checks: tuple[EffectivenessCheckPlanned, ...] = ()
    measurements: tuple[EffectivenessMeasured, ...] = ()
    recurrences: tuple[RecurrenceSeen, ...] = ()
    lessons: tuple[LessonRecorded, ...] = ()
    history: tuple[Step, ...] = ()
    missing: tuple[Missing, ...] = ()


ActionStep = (
    ActionPlanned
    | ActionApproved
    | ActionReturned
    | ActionStarted
    | ActionCompleted
    | ActionVerified
    | ActionCancelled
    | ActionDueDateChanged
)


def capa_view(stream: Iterable[Recorded]) -> CapaView | None:
    """The CAPA after these events of its stream; None where there are none."""
    view, state = None, CAPA.initial
    for recorded in stream:
        state = CAPA.evolve(state, recorded.event)
        view = _after(view, recorded, state)
    if view is None:
        return None
    return replace(view, missing=() if state.closed else what_is_missing(state))


def _after(view: CapaView | None, recorded: Recorded, state: Capa) -> CapaView | None:
    event, step = recorded.event, _step(recorded)
    if isinstance(event, CapaOpened):
        view = CapaView(
            id=event.capa_id,
            capa_no=event.capa_no,
            title=event.title,
            version=0,
            status="open",
            effectiveness="none",
            cut_in=None,
        )
    if view is None:
        return None
    view = replace(
        view,
        version=recorded.meta.version,
        status="closed" if state.closed else "open",
        effectiveness=state.effectiveness,
        cut_in=cut_in(state),
    )
    if isinstance(event, ActionStep):
        return replace(view, actions=_actions(view.actions, event, step, state))
    return replace(_with(view, event), history=(*view.history, step))


def _with(view: CapaView, event: Event) -> CapaView:  # noqa: PLR0911 - one case an event
    match event:
        case CauseAddressed():
            return replace(view, causes=(*view.causes, CauseSeen(cause=event)))
        case CauseReleased():
            return replace(view, causes=tuple(_released(seen, event) for seen in view.causes))
        case SimilaritySearched():
            return replace(view, similarity_searches=(*view.similarity_searches, event))
        case ControlPlanReviewed():
            return replace(view, control_plan_reviews=(*view.control_plan_reviews, event))
        case EffectivenessCheckPlanned():
            return replace(view, effectiveness_checks=(*view.effectiveness_checks, event))
        case EffectivenessMeasured():
            return replace(view, measurements=(*view.measurements, event))
        case RecurrenceSuspected():
            return replace(view, recurrences=(*view.recurrences, RecurrenceSeen(suspected=event)))
        case RecurrenceReviewed():
            return replace(view, recurrences=tuple(_reviewed(seen, event) for seen in view.recurrences))
        case LessonRecorded():
            return replace(view, lessons=(*view.lessons, event))
        case _:
            return view


def _released(seen: CauseSeen, event: CauseReleased) -> CauseSeen:
    hit = seen.released is None and seen.cause.root_cause_id == event.root_cause_id
    return replace(seen, released=event) if hit else seen


def _reviewed(seen: RecurrenceSeen, event: RecurrenceReviewed) -> RecurrenceSeen:
    said = seen.suspected
    hit = seen.reviewed is None and (said.complaint_id, said.item_no) == (event.complaint_id, event.item_no)
    return replace(seen, reviewed=event) if hit else seen


def _actions(actions: tuple[ActionSeen, ...], event: ActionStep, step: Step, state: Capa) -> tuple[ActionSeen, ...]:
    before = {seen.action_no: seen for seen in actions}
    seen = before.get(event.action_no)
    if isinstance(event, ActionPlanned):
        seen = _planned(event, seen.history if seen else ())
    if seen is None:
        return actions
    now = state.actions[event.action_no]
    seen = replace(
        seen,
        status=now.status,
        due_date=now.due_date,
        first_due_date=now.first_due_date,
        history=(*seen.history, step),
    )
    if isinstance(event, ActionCompleted):
        seen = replace(seen, completed_on=event.completed_on, cut_in=event.cut_in)
    elif now.made_from is None:  # sent back or cancelled: its cut-in no longer holds
        seen = replace(seen, completed_on=None, cut_in=None)
    return tuple((before | {event.action_no: seen}).values())


def _planned(event: ActionPlanned, history: tuple[Step, ...]) -> ActionSeen:
    return ActionSeen(
        action_no=event.action_no,
        kind=event.kind,
        title=event.title,
        owner=event.owner,
        department=event.department,
        first_due_date=event.due_date,
        due_date=event.due_date,
        criterion=event.criterion,
        status="planned",
        root_cause_id=event.root_cause_id,
        complaint_id=event.complaint_id,
        risk=event.risk,
        history=history,
    )


def _step(recorded: Recorded) -> Step:
    kind = type_of(type(recorded.event))
    meta = recorded.meta
    words, evidence = _words(recorded.event), _evidence(recorded.event)
    return Step(zh=kind.zh, en=kind.en, by=meta.actor.subject, at=meta.occurred_at, words=words, evidence=evidence)


def _words(event: Event) -> str | None:
    match event:
        case ActionReturned() | ActionCancelled() | ActionDueDateChanged():
            return event.reason
        case CapaReopened() | CauseReleased() | RecurrenceReviewed():
            return event.reason
        case ActionCompleted() | ActionVerified() | EffectivenessConfirmed() | EffectivenessFailed():
            return event.note
        case _:
            return None


def _evidence(event: Event) -> tuple[EvidenceRef, ...]:
    match event:
        case ActionCompleted() | ActionVerified() | EffectivenessConfirmed() | EffectivenessFailed():
            return event.evidence
        case _:
            return ()
