"""What is due, and when? Fed by the clocks' own fold, so that it never says other than the complaint does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintRegistered,
    ComplaintTriaged,
    CustomerResponseSent,
    DeadlineBreached,
    ResolutionAccepted,
    ResolutionOffered,
    ResolutionRejected,
)
from shared.kernel.readmodel import ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded
from shared.kernel.timing import DUE_COLUMNS

CLOCKS = ("acknowledgement", "first_response", "final_answer")
SILENCE = "silence"


def _id(recorded: Recorded) -> str:
    return recorded.meta.stream.removeprefix("complaint-")


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    if not recorded.meta.stream.startswith("complaint-"):
        return ()
    return [(_id(recorded), timer) for timer in (*CLOCKS, SILENCE)]


def _apply(rows: Rows, recorded: Recorded) -> None:
    """What was answered too late still has to be recorded as breached: its row stays until that is done."""
    id_ = _id(recorded)
    for timer, due_at, done_at in _changes(recorded.event):
        row = rows.get(id_, timer)
        if due_at is not None:
            rows.put({"id": id_, "timer": timer, "due_at": due_at})
        elif row and (done_at is None or done_at <= row["due_at"]):
            rows.delete(id_, timer)


def _changes(event: Event) -> Iterable[tuple[str, datetime | None, datetime | None]]:  # noqa: PLR0911 - one line an event
    """Each timer that starts or moves, with its due time; each that ends with None, and when it was met."""
    match event:
        case ComplaintRegistered(promises=promises) | ComplaintTriaged(promises=promises):
            return [(promise.clock, promise.due_at, None) for promise in promises]
        case ComplaintAcknowledged(acknowledged_at=at, automatic=automatic):
            return [("acknowledgement", None, at), *([] if automatic else [("first_response", None, at)])]
        case CustomerResponseSent(sent_at=at, automatic=automatic, tells_decision=tells):
            met = ["acknowledgement", *([] if automatic else ["first_response"]), *(["final_answer"] if tells else [])]
            return [(clock, None, at) for clock in met]
        case DeadlineBreached(clock=clock):
            return [(clock, None, None)]
        case ResolutionOffered(respond_by=respond_by):
            return [(SILENCE, respond_by, None)]
        case ResolutionAccepted() | ResolutionRejected():
            return [(SILENCE, None, None)]
        case _:
            return ()


MODEL = ReadModel(
    name="due_times",
    sources=frozenset({"intake"}),
    columns=DUE_COLUMNS,
    key=("id", "timer"),
    touches=_touches,
    apply=_apply,
    indexes=("(due_at)",),
)
