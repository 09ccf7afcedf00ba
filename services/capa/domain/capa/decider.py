"""What a CAPA answers to each command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

from services.capa.domain.capa.actions import because, decide_action
from services.capa.domain.capa.closing import what_is_missing
from services.capa.domain.capa.commands import (
    AddressCause,
    ApproveAction,
    CancelAction,
    CapaCommand,
    Cause,
    ChangeDueDate,
    CloseCapa,
    CompleteAction,
    ConfirmEffectiveness,
    FailEffectiveness,
    MeasureEffectiveness,
    OpenCapa,
    PlanAction,
    PlanEffectivenessCheck,
    RecordLesson,
    RecordSimilaritySearch,
    ReleaseCause,
    ReopenCapa,
    ReturnAction,
    ReviewControlPlan,
    ReviewRecurrence,
    StartAction,
    SuspectRecurrences,
    VerifyAction,
)
from services.capa.domain.capa.evolve import evolve
from services.capa.domain.capa.proof import decide_effectiveness
from services.capa.domain.capa.recurrence import decide_recurrence
from services.capa.domain.capa.state import Capa
from services.capa.domain.errors import CapaIsClosed, CapaIsOpen, CapaNotComplete, DocumentsMissing
from shared.contracts.capa.capa import (
    CapaClosed,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    CauseReleased,
    ControlPlanReviewed,
    LessonRecorded,
    SimilaritySearched,
)
from shared.contracts.event import Event
from shared.kernel.decider import Decider
from shared.kernel.errors import NotFound

JOINED_A_CLOSED_ONE = "根本原因再次确认或并入 / a root cause was confirmed again or joined"
ALSO_WHEN_CLOSED = (OpenCapa, AddressCause, ReleaseCause, ReopenCapa, SuspectRecurrences, ReviewRecurrence)


def decide(command: CapaCommand, capa: Capa) -> Sequence[Event]:  # noqa: C901, PLR0911, PLR0912 - one case a command
    if not isinstance(command, OpenCapa) and capa.capa_id is None:
        raise NotFound(what="capa", id=str(command.capa_id))
    if capa.closed and not isinstance(command, ALSO_WHEN_CLOSED):
        raise CapaIsClosed(capa_no=capa.capa_no)
    match command:
        case OpenCapa():
            return _open(command, capa)
        case AddressCause():
            return _address(command.cause, capa)
        case ReleaseCause():
            return _release(command, capa)
        case RecordSimilaritySearch():
            return [_similarity(command)]
        case ReviewControlPlan():
            return [_control_plan(command)]
        case RecordLesson():
            return [LessonRecorded(capa_id=command.capa_id, lesson=command.lesson, keywords=command.keywords)]
        case CloseCapa():
            return [_close(command, capa)]
        case ReopenCapa():
            return [_reopen(command, capa)]
        case PlanEffectivenessCheck() | MeasureEffectiveness() | ConfirmEffectiveness() | FailEffectiveness():
            return decide_effectiveness(command, capa)
        case SuspectRecurrences() | ReviewRecurrence():
            return decide_recurrence(command, capa)
        case PlanAction() | ApproveAction() | ReturnAction() | StartAction():
            return decide_action(command, capa)
        case CompleteAction() | VerifyAction() | CancelAction() | ChangeDueDate():
            return decide_action(command, capa)
        case _:
            assert_never(command)


def _open(command: OpenCapa, capa: Capa) -> Sequence[Event]:
    if capa.capa_id is not None:
        return _address(command.cause, capa)
    opened = CapaOpened(
        capa_id=command.capa_id,
        capa_no=command.capa_no,
        title=command.title,
        investigation_id=command.cause.investigation_id,
    )
    return [opened, _addressed(command.capa_id, command.cause)]


def _address(cause: Cause, capa: Capa) -> Sequence[Event]:
    """A cause that already stands here adds nothing; one that comes to a closed CAPA reopens it."""
    assert capa.capa_id is not None  # noqa: S101 - decide has looked
    if capa.causes.get(cause.root_cause_id, False):
        return []
    reopened = [CapaReopened(capa_id=capa.capa_id, reason=JOINED_A_CLOSED_ONE)] if capa.closed else []
    return [*reopened, _addressed(capa.capa_id, cause)]


def _addressed(capa_id: UUID, cause: Cause) -> CauseAddressed:
    return CauseAddressed(
        capa_id=capa_id,
        investigation_id=cause.investigation_id,
        root_cause_id=cause.root_cause_id,
        statement=cause.statement,
        leg=cause.leg,
        node=cause.node,
        products=cause.products,
        defect_codes=cause.defect_codes,
    )


def _release(command: ReleaseCause, capa: Capa) -> Sequence[Event]:
    """What was planned stays: owners go on or cancel it with a reason. With nothing planned, the last cause ends it."""
    if not capa.causes.get(command.root_cause_id, False):
        return []
    released = CauseReleased(
        capa_id=command.capa_id,
        investigation_id=capa.investigations[command.root_cause_id],
        root_cause_id=command.root_cause_id,
        because=command.because,
        reason=command.reason,
    )
    empty = capa.standing_causes == [command.root_cause_id] and not capa.actions and not capa.closed
    return [released, CapaClosed(capa_id=command.capa_id)] if empty else [released]


def _similarity(command: RecordSimilaritySearch) -> SimilaritySearched:
    return SimilaritySearched(
        capa_id=command.capa_id, searched=command.searched, found=command.found, conclusion=command.conclusion
    )


def _control_plan(command: ReviewControlPlan) -> ControlPlanReviewed:
    if command.updated and not command.documents:
        raise DocumentsMissing
    reason = command.reason if command.updated else because(command.reason or "")
    return ControlPlanReviewed(
        capa_id=command.capa_id, updated=command.updated, documents=command.documents, reason=reason
    )


def _close(command: CloseCapa, capa: Capa) -> CapaClosed:
    missing = what_is_missing(capa)
    if missing:
        raise CapaNotComplete(capa_no=capa.capa_no, missing=missing)
    return CapaClosed(capa_id=command.capa_id)


def _reopen(command: ReopenCapa, capa: Capa) -> CapaReopened:
    if not capa.closed:
        raise CapaIsOpen(capa_no=capa.capa_no)
    return CapaReopened(capa_id=command.capa_id, reason=because(command.reason))


CAPA: Decider[Capa, CapaCommand] = Decider(category="capa", initial=Capa(), decide=decide, evolve=evolve)
