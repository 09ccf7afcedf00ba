"""Erasing a person reaches every service: each destroys the keys it holds of them when it hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.intake.data_subject import DataSubjectErased
from shared.kernel.decider import Decider
from shared.kernel.handling import Handler
from shared.kernel.ports import EventStore, Vault
from shared.kernel.reacting import ReactionRule, Trigger
from shared.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True)
class DestroyKeys:
    """No event of its own: what happened stands in intake's log, and the reaction's record says it was done here."""

    subject_id: UUID


def _decide(command: DestroyKeys, state: None) -> tuple[Event, ...]:
    del command, state
    return ()


def _evolve(state: None, event: Event) -> None:
    del state, event


_KEYS: Decider[None, DestroyKeys] = Decider("erased", None, _decide, _evolve)


def erasure_rule(store: EventStore, vault: Vault) -> ReactionRule:
    """Destroys the subject's key in this service, also one that it doesn't have yet: nothing can be sealed later."""
    handler: Handler[None, DestroyKeys] = Handler(_KEYS, store, vault)

    async def targets(_: Recorded) -> list[str]:
        return [""]

    async def destroy(trigger: Trigger, _target: str) -> None:
        event = trigger.recorded.event
        if isinstance(event, DataSubjectErased):
            subject = event.subject_id
            await handler.handle(
                trigger.context, subject, DestroyKeys(subject), reaction=trigger.reaction, destroy=(subject,)
            )

    return ReactionRule("erase-data-subject", "intake", frozenset({"intake.DataSubjectErased"}), destroy, targets)
