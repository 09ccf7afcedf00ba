"""What other services' events make intake do."""

from __future__ import annotations

from uuid import UUID

from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.complaint.commands import RecordOutcome
from shared.contracts.investigation.investigation import InvestigationConcluded
from shared.kernel.reacting import ReactionRule, Trigger
from shared.kernel.recorded import Recorded


def rules(handlers: IntakeHandlers) -> tuple[ReactionRule, ...]:
    async def complaints(recorded: Recorded) -> list[str]:
        event = recorded.event
        return [str(one) for one in event.complaints] if isinstance(event, InvestigationConcluded) else []

    async def record_outcome(trigger: Trigger, complaint_id: str) -> None:
        event = trigger.recorded.event
        if isinstance(event, InvestigationConcluded):
            command = RecordOutcome(
                investigation_id=event.investigation_id, outcome=event.outcome, statement=event.statement
            )
            await handlers.complaint(trigger.context, UUID(complaint_id), command, trigger.reaction)

    return (
        ReactionRule(
            name="record-investigation-outcome",
            source="investigation",
            on=frozenset({"investigation.InvestigationConcluded"}),
            run=record_outcome,
            targets=complaints,
        ),
    )
