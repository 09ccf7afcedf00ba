"""Rule 15: what a CAPA needs before its loop is closed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from services.capa.domain.capa.state import ANSWERS_A_CAUSE, Capa
from services.capa.domain.errors import Missing


def what_is_missing(capa: Capa) -> tuple[Missing, ...]:
    """Everything at once, in the order in which it is worked off (ISO 9001:2015 10.2.1; 8D D5 to D8).

    A CAPA whose causes were all released has nothing left to prove: it ends with its actions settled and the lesson.
    """
    return tuple(_missing(capa))


def _missing(capa: Capa) -> Iterator[Missing]:
    for action_no in capa.unsettled:
        yield Missing("action_unsettled", str(action_no))
    for complaint_id, item_no in capa.unreviewed:
        yield Missing("recurrence_unreviewed", named(capa, complaint_id, item_no))
    if capa.standing_causes:
        yield from _unproven(capa)
    if not capa.lesson_recorded:
        yield Missing("lesson")


def named(capa: Capa, complaint_id: UUID, item_no: int) -> str:
    """A suspected recurrence as people know it: `C2026-0007/1`."""
    return f"{capa.suspicions[complaint_id, item_no].complaint_no}/{item_no}"


def _unproven(capa: Capa) -> Iterator[Missing]:
    verified = [action for action in capa.actions.values() if action.status == "verified"]
    if not verified:
        yield Missing("no_action_verified")
    answered = {action.root_cause_id for action in verified if action.kind in ANSWERS_A_CAUSE}
    for cause in capa.standing_causes:
        if verified and cause not in answered:
            yield Missing("cause_unanswered", str(cause))
    if not capa.similarity_searched:
        yield Missing("similarity_search")
    if not capa.control_plan_reviewed:
        yield Missing("control_plan_review")
    if capa.effectiveness != "confirmed":
        yield Missing("effectiveness")
