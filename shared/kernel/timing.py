"""Due times are a read model; a worker turns each into an own command, once, also after days of downtime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.kernel.ids import derived_id
from shared.kernel.ports import Context, Key, Reaction
from shared.kernel.readmodel import Column, ReadModel
from shared.kernel.recorded import Actor

DUE_COLUMNS = (
    Column("id", "text", nullable=False),
    Column("timer", "text", nullable=False),
    Column("due_at", "timestamptz", nullable=False),
)
"""What every due-times table has: whose, which, when. Its key is (id, timer)."""


@dataclass(frozen=True, slots=True)
class Due:
    tenant: str
    id: str
    timer: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TimerRule:
    """`model` holds the due times (DUE_COLUMNS). `run` handles the command that the due time leads to.

    The fold removes a row when what it waited for has happened; a refusal is recorded and the timer stays quiet.
    """

    model: ReadModel
    run: Callable[[Due, Context, Reaction], Awaitable[object]]


def due_context(service: str, due: Due, now: datetime) -> tuple[Context, Reaction]:
    """The command's id is derived from stream, timer and due instant, so that a deadline breaks once."""
    command_id = derived_id("timer", service, due.id, due.timer, due.due_at.isoformat())
    context = Context(
        tenant=due.tenant,
        actor=Actor(subject=f"service:{service}"),
        now=now,
        key=Key(scope="timer", key=str(command_id), fingerprint=command_id.bytes),
        command_id=command_id,
        correlation_id=command_id,
        occurred_at=due.due_at,
    )
    return context, Reaction(name=f"timer:{due.timer}", causation_id=command_id)
