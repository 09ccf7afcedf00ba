"""Rule 18: a bad unit made after the cut-in, of the cause's product and defect, puts the measures in doubt.

A suspicion is raised for what verification has confirmed and whose production date is known; a person reviews it. Until
then nobody can confirm the effect or close. *Same cause* reopens, and the effect is to be shown anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import assert_never
from uuid import UUID

from services.capa.domain.capa.actions import because
from services.capa.domain.capa.commands import Complained, RecurrenceCommand, ReviewRecurrence, SuspectRecurrences
from services.capa.domain.capa.state import Capa, cut_in
from services.capa.domain.effectiveness import of_defect
from services.capa.domain.errors import RecurrenceIsReviewed, ReviewerInvolved
from shared.contracts.capa.capa import CapaReopened, RecurrenceReviewed, RecurrenceSuspected
from shared.contracts.event import Event
from shared.kernel.errors import NotFound


def decide_recurrence(command: RecurrenceCommand, capa: Capa) -> Sequence[Event]:
    match command:
        case SuspectRecurrences():
            return _suspect(command, capa)
        case ReviewRecurrence():
            return _review(command, capa)
        case _:
            assert_never(command)


def _suspect(command: SuspectRecurrences, capa: Capa) -> Sequence[Event]:
    since = cut_in(capa)
    if since is None:
        return []
    return [
        _suspected(command.capa_id, one, made, since, causes)
        for one in sorted(command.complained, key=lambda one: (one.complaint_id, one.item_no))
        if (made := one.item.production_date) is not None
        and made >= since
        and (causes := _matching(one, capa))
        and _news(one, made, capa)
    ]


def _matching(one: Complained, capa: Capa) -> tuple[UUID, ...]:
    """The standing causes of which this may be the effect."""
    if one.item.standing != "confirmed":
        return ()
    return tuple(
        cause
        for cause in capa.standing_causes
        if one.item.product in capa.scopes[cause].products and of_defect(one.item, capa.scopes[cause].defect_codes)
    )


def _news(one: Complained, made: date, capa: Capa) -> bool:
    """Once for an item; again where a person said that it was made before, and its production date is another now."""
    known = capa.suspicions.get((one.complaint_id, one.item_no))
    return known is None or (known.verdict == "made_before" and known.production_date != made)


def _suspected(
    capa_id: UUID, one: Complained, made: date, since: date, causes: tuple[UUID, ...]
) -> RecurrenceSuspected:
    return RecurrenceSuspected(
        capa_id=capa_id,
        complaint_id=one.complaint_id,
        complaint_no=one.complaint_no,
        item_no=one.item_no,
        product=one.item.product,
        defect_codes=one.item.defect_codes,
        quantity=one.item.quantity,
        production_date=made,
        cut_in=since,
        root_causes=causes,
    )


def _review(command: ReviewRecurrence, capa: Capa) -> Sequence[Event]:
    suspicion = capa.suspicions.get((command.complaint_id, command.item_no))
    if suspicion is None:
        raise NotFound(what="recurrence", id=f"{command.complaint_id}/{command.item_no}")
    if suspicion.verdict is not None:
        raise RecurrenceIsReviewed(complaint_no=suspicion.complaint_no, item_no=command.item_no)
    for action_no, action in capa.actions.items():
        if command.by in (action.owner, action.completed_by) and action.status != "cancelled":
            raise ReviewerInvolved(action_no=action_no)
    reviewed = RecurrenceReviewed(
        capa_id=command.capa_id,
        complaint_id=command.complaint_id,
        item_no=command.item_no,
        verdict=command.verdict,
        reason=because(command.reason),
    )
    if command.verdict == "same_cause" and capa.closed:
        return [reviewed, CapaReopened(capa_id=command.capa_id, reason=reviewed.reason)]
    return [reviewed]
