"""What the events of others, and our own, lead to here."""

from __future__ import annotations

from uuid import UUID

from services.capa.application import suspicions
from services.capa.application.handlers import CapaHandlers
from services.capa.application.ports import Recurrences
from services.capa.domain.capa.commands import Cause, ReleaseCause
from shared.contracts.investigation.cause import CapaNotRequired, RootCauseConfirmed, RootCauseWithdrawn
from shared.kernel.reacting import ReactionRule, Trigger
from shared.kernel.recorded import Recorded

INVESTIGATION = "investigation"


def rules(handlers: CapaHandlers, recurrences: Recurrences) -> tuple[ReactionRule, ...]:
    return (
        _answers_confirmed_cause(handlers),
        _releases_cause(handlers),
        *suspicions.rules(handlers, recurrences),
    )


def _answers_confirmed_cause(handlers: CapaHandlers) -> ReactionRule:
    """Rule 15: a confirmed root cause opens a CAPA or joins one; shares still contested don't hold it up."""

    async def targets(recorded: Recorded) -> list[str]:
        event = _confirmed(recorded)
        return [str(await handlers.home_for(recorded.meta.tenant, event.root_cause_id, event.join_capa))]

    async def run(trigger: Trigger, target: str) -> object:
        event, year = _confirmed(trigger.recorded), trigger.recorded.recorded_at.year
        return await handlers.answer_cause(trigger.context, UUID(target), _cause(event), year, trigger.reaction)

    on = frozenset({"investigation.RootCauseConfirmed"})
    return ReactionRule(name="capa_answers_cause", source=INVESTIGATION, on=on, run=run, targets=targets)


def _releases_cause(handlers: CapaHandlers) -> ReactionRule:
    """A cause that was withdrawn, or needs no CAPA after all, no longer counts as one that the CAPA answers.

    What was planned against it stays planned: work in the factory is stopped by people, with a reason. Only a CAPA
    that is left without any cause and never had an action is closed by it.
    """

    async def targets(recorded: Recorded) -> list[str]:
        home = await handlers.home_of(recorded.meta.tenant, _ended(recorded).root_cause_id)
        return [] if home is None else [str(home)]

    async def run(trigger: Trigger, target: str) -> object:
        event = _ended(trigger.recorded)
        command = ReleaseCause(
            capa_id=UUID(target),
            root_cause_id=event.root_cause_id,
            because="root_cause_withdrawn" if isinstance(event, RootCauseWithdrawn) else "capa_not_required",
            reason=event.reason,
        )
        return await handlers.release_cause(trigger.context, command, trigger.reaction)

    on = frozenset({"investigation.RootCauseWithdrawn", "investigation.CapaNotRequired"})
    return ReactionRule(name="capa_releases_cause", source=INVESTIGATION, on=on, run=run, targets=targets)


def _confirmed(recorded: Recorded) -> RootCauseConfirmed:
    assert isinstance(recorded.event, RootCauseConfirmed)  # noqa: S101 - the rule's `on` names no other
    return recorded.event


def _ended(recorded: Recorded) -> RootCauseWithdrawn | CapaNotRequired:
    assert isinstance(recorded.event, (RootCauseWithdrawn, CapaNotRequired))  # noqa: S101 - as above
    return recorded.event


def _cause(event: RootCauseConfirmed) -> Cause:
    return Cause(
        investigation_id=event.investigation_id,
        root_cause_id=event.root_cause_id,
        statement=event.statement,
        leg=event.leg,
        node=event.node,
        products=event.products,
        defect_codes=event.defect_codes,
    )
