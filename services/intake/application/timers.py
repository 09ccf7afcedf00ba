"""Due times that become commands: a clock that is breached, a customer who was silent long enough."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.complaint.commands import AcceptResolution, BreachDeadline
from shared.contracts.words import ClockName
from shared.kernel.ports import Context, Reaction
from shared.kernel.readmodel import ReadModel
from shared.kernel.timing import Due, TimerRule

SILENCE = "silence"


def rules(handlers: IntakeHandlers, due_times: ReadModel) -> tuple[TimerRule, ...]:
    async def fire(due: Due, context: Context, reaction: Reaction) -> None:
        command: AcceptResolution | BreachDeadline
        if due.timer == SILENCE:
            command = AcceptResolution(now=context.now, by="silence")
        else:
            command = BreachDeadline(clock=cast("ClockName", due.timer), due_at=due.due_at)
        await handlers.complaint(context, UUID(due.id), command, reaction)

    return (TimerRule(due_times, fire),)
