"""One complaint as it stands, or stood: the fold of its stream. Personal texts are still sealed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from services.intake.domain.complaint.clocks import Deadline, deadlines
from services.intake.domain.complaint.decider import COMPLAINT
from services.intake.domain.complaint.state import Complaint
from services.intake.domain.complaint.status import OfferStands, status
from shared.contracts.event import Event, type_of
from shared.contracts.intake.complaint import (
    AttachmentAdded,
    CustomerResponseSent,
    RemedyCompleted,
    ResolutionRejected,
    SatisfactionRecorded,
)
from shared.contracts.words import ComplaintStatus, label
from shared.kernel.recorded import Recorded

_INNER = ("promises", "content_sums")


def status_of(state: Complaint) -> ComplaintStatus:
    """The same word as in the list."""
    return status(
        acknowledged=state.acknowledged_at is not None,
        triaged=state.triage is not None,
        handed_over=state.investigation_id is not None,
        outcome_known=state.outcome is not None,
        offer=_offer(state),
        closed=state.closed,
    )


def _offer(state: Complaint) -> OfferStands:
    if state.offer is None:
        return "none"
    if state.answer is None:
        return "open"
    return "rejected" if state.answer == "rejected" else "accepted"


def complaint_view(recorded: Sequence[Recorded], language: str) -> dict[str, Any]:
    """All that is known of it, as plain JSON. `recorded` is the stream, not empty."""
    state = COMPLAINT.fold(r.event for r in recorded)
    form: dict[str, Any] = msgspec.to_builtins(state.form)
    stands = status_of(state)
    return {
        "id": form["complaint_id"],
        "status": stands,
        "status_label": label(stands, language),
        "form": {name: value for name, value in form.items() if name not in _INNER},
        "acknowledged_at": state.acknowledged_at,
        "triage": _triage(state),
        "investigation_id": state.investigation_id,
        "outcome": state.outcome,
        "resolution": _resolution(state, recorded),
        "responses": _all(recorded, CustomerResponseSent),
        "attachments": _all(recorded, AttachmentAdded),
        "satisfaction": [s["score"] for s in _all(recorded, SatisfactionRecorded)],
        "deadlines": [_deadline(one) for one in deadlines(recorded)],
    }


def deadlines_view(recorded: Sequence[Recorded], now: Any, language: str) -> list[dict[str, Any]]:
    """Each clock, what is left of it, and why it is due then (rule 4): the events, oldest first."""
    return [
        _deadline(one)
        | {
            "clock_label": label(one.clock.clock, language),
            "remaining_seconds": int((one.clock.due_at - now).total_seconds()) if one.clock.runs else None,
            "because": msgspec.to_builtins(one.because),
        }
        for one in deadlines(recorded)
    ]


def timeline(recorded: Sequence[Recorded], language: str) -> list[dict[str, Any]]:
    """Every event in order: when, what (in the reader's language), who, why, and what it says (still sealed)."""
    return [
        {
            "position": r.position,
            "version": r.meta.version,
            "occurred_at": r.meta.occurred_at,
            "recorded_at": r.recorded_at,
            "type": r.meta.type,
            "title": _title(r.event, language),
            "actor": r.meta.actor.subject,
            "on_behalf_of": r.meta.actor.on_behalf_of,
            "reason": r.meta.reason,
            "hash": r.hash.hex(),
            "data": msgspec.to_builtins(r.event),
        }
        for r in recorded
    ]


def _title(event: Event, language: str) -> str:
    kind = type_of(type(event))
    return kind.zh if language.startswith("zh") else kind.en


def _triage(state: Complaint) -> dict[str, Any] | None:
    if state.triage is None:
        return None
    said: dict[str, Any] = msgspec.to_builtins(state.triage)
    return {name: value for name, value in said.items() if name not in ("complaint_id", "promises")} | {
        "overridden": state.triage.answer != state.triage.rule_answer
    }


def _resolution(state: Complaint, recorded: Sequence[Recorded]) -> dict[str, Any] | None:
    if state.offer is None:
        return None
    offered: dict[str, Any] = msgspec.to_builtins(state.offer)
    remedies = _all(recorded, RemedyCompleted)
    rejections = _all(recorded, ResolutionRejected)
    return {name: value for name, value in offered.items() if name != "complaint_id"} | {
        "answer": state.answer,
        "remedy": remedies[-1] if state.remedied and remedies else None,
        "rejections": rejections,
    }


def _all(recorded: Sequence[Recorded], kind: type[Event]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in msgspec.to_builtins(r.event).items() if k not in ("complaint_id", "subject_id")}
        for r in recorded
        if isinstance(r.event, kind)
    ]


def _deadline(one: Deadline) -> dict[str, Any]:
    clock = one.clock
    late = clock.breached or (clock.met_at is not None and clock.met_at > clock.due_at)
    plain: dict[str, Any] = msgspec.to_builtins(clock)
    return plain | {"late": late}
