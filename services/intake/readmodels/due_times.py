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
    id_ = _id(recorded)
    for timer, due_at in _changes(recorded.event):
        if due_at is None:
            if rows.get(id_, timer):
                rows.delete(id_, timer)
        else:
            rows.put({"id": id_, "timer": timer, "due_at": due_at})


def _changes(event: Event) -> Iterable[tuple[str, datetime | None]]:  # noqa: PLR0911 - one line an event
    """Each timer that starts or moves with its due time, each that ends with None."""
    match event:
        case ComplaintRegistered(promises=promises) | ComplaintTriaged(promises=promises):
            return [(promise.clock, promise.due_at) for promise in promises]
        case ComplaintAcknowledged(automatic=automatic):
            return [("acknowledgement", None), *([] if automatic else [("first_response", None)])]
        case CustomerResponseSent(automatic=False, tells_decision=tells):
            return [("first_response", None), *([("final_answer", None)] if tells else [])]
        case DeadlineBreached(clock=clock):
            return [(clock, None)]
        case ResolutionOffered(respond_by=respond_by):
            return [(SILENCE, respond_by)]
        case ResolutionAccepted() | ResolutionRejected():
            return [(SILENCE, None)]
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
