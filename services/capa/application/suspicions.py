"""Rule 18: whatever may make a complained item a suspected recurrence lets the CAPAs concerned look at it.

An item comes to count when it is verified, or when its production date, product or defect is corrected; a CAPA when
its cut-in moves or it answers a further cause. Each of them asks, so the order in which the logs are read makes no
difference.
"""

from __future__ import annotations

from uuid import UUID

from services.capa.application.handlers import CapaHandlers
from services.capa.application.ports import Recurrences
from services.capa.domain.capa.commands import SuspectRecurrences
from shared.contracts.capa.capa import ActionCancelled, ActionCompleted, ActionVerified, CauseAddressed
from shared.contracts.intake.complaint import ComplaintDetailsCorrected
from shared.contracts.investigation.investigation import ItemVerified
from shared.kernel.corrections import item_correction
from shared.kernel.reacting import ReactionRule, Trigger
from shared.kernel.recorded import Recorded

ItemKey = tuple[UUID, int]


def rules(handlers: CapaHandlers, recurrences: Recurrences) -> tuple[ReactionRule, ...]:
    return (
        _of_item(handlers, recurrences, "capa_meets_verified_item", "investigation", "investigation.ItemVerified"),
        _of_item(handlers, recurrences, "capa_meets_corrected_item", "intake", "intake.ComplaintDetailsCorrected"),
        _of_capa(handlers, recurrences),
    )


def _of_item(handlers: CapaHandlers, recurrences: Recurrences, name: str, source: str, event_type: str) -> ReactionRule:
    async def targets(recorded: Recorded) -> list[str]:
        key = _item_of(recorded)
        return [] if key is None else [str(one) for one in await recurrences.capas(recorded.meta.tenant, *key)]

    async def run(trigger: Trigger, target: str) -> object:
        key = _item_of(trigger.recorded)
        found = None if key is None else await recurrences.item(trigger.context.tenant, *key)
        command = SuspectRecurrences(capa_id=UUID(target), complained=() if found is None else (found,))
        return await handlers.suspect_recurrences(trigger.context, command, trigger.reaction)

    return ReactionRule(name=name, source=source, on=frozenset({event_type}), run=run, targets=targets)


def _of_capa(handlers: CapaHandlers, recurrences: Recurrences) -> ReactionRule:
    async def targets(recorded: Recorded) -> list[str]:
        return [str(_moved(recorded).capa_id)]

    async def run(trigger: Trigger, target: str) -> object:
        found = await recurrences.items(trigger.context.tenant, UUID(target))
        command = SuspectRecurrences(capa_id=UUID(target), complained=tuple(found))
        return await handlers.suspect_recurrences(trigger.context, command, trigger.reaction)

    on = frozenset({"capa.ActionCompleted", "capa.ActionVerified", "capa.ActionCancelled", "capa.CauseAddressed"})
    return ReactionRule(name="capa_looks_for_recurrences", source="capa", on=on, run=run, targets=targets)


def _item_of(recorded: Recorded) -> ItemKey | None:
    """None: the correction is of the complaint's head."""
    event = recorded.event
    if isinstance(event, ItemVerified):
        return event.complaint_id, event.item_no
    assert isinstance(event, ComplaintDetailsCorrected)  # noqa: S101 - the rules' `on` name nothing else
    correction = item_correction(event)
    return None if correction is None else (event.complaint_id, correction.item_no)


def _moved(recorded: Recorded) -> ActionCompleted | ActionVerified | ActionCancelled | CauseAddressed:
    event = recorded.event
    assert isinstance(event, ActionCompleted | ActionVerified | ActionCancelled | CauseAddressed)  # noqa: S101 - as above
    return event
