"""Everything that can be asked of the capa service: one method a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.capa.domain.capa.commands import (
    AddressCause,
    ApproveAction,
    CancelAction,
    CapaCommand,
    Cause,
    ChangeDueDate,
    CloseCapa,
    CompleteAction,
    ConfirmEffectiveness,
    FailEffectiveness,
    MeasureEffectiveness,
    OpenCapa,
    PlanAction,
    PlanEffectivenessCheck,
    RecordLesson,
    RecordSimilaritySearch,
    ReleaseCause,
    ReopenCapa,
    ReturnAction,
    ReviewControlPlan,
    ReviewRecurrence,
    StartAction,
    SuspectRecurrences,
    VerifyAction,
)
from services.capa.domain.capa.decider import CAPA
from services.capa.domain.capa.state import Capa
from shared.contracts.capa.capa import ActionPlanned
from shared.contracts.event import Event
from shared.kernel.handling import Handled, Handler
from shared.kernel.ids import derived_id
from shared.kernel.ports import Claim, Context, EventStore, Numbers, Reaction, Vault

NUMBER_SCOPE = "capa_no"
CAUSE_SCOPE = "root_cause"

HandledCapa = Handled[Capa]


def cause_claim(root_cause_id: UUID) -> Claim:
    """A root cause has one home, so that its withdrawal finds it again."""
    return Claim(CAUSE_SCOPE, str(root_cause_id))


class CapaHandlers:
    """`numbers` gives the running part of `A2026-0001`, rising by tenant and year."""

    def __init__(self, store: EventStore, vault: Vault, numbers: Numbers) -> None:
        self._store = store
        self._numbers = numbers
        self._capas: Handler[Capa, CapaCommand] = Handler(CAPA, store, vault)

    async def home_of(self, tenant: str, root_cause_id: UUID) -> UUID | None:
        """The CAPA that addressed this root cause first."""
        stream = await self._store.holder(tenant, cause_claim(root_cause_id))
        return None if stream is None else UUID(stream.removeprefix(f"{CAPA.category}-"))

    async def home_for(self, tenant: str, root_cause_id: UUID, join: UUID | None) -> UUID:
        """Where a confirmed cause goes: where it is, else the CAPA to join if there is one, else one of its own."""
        home = await self.home_of(tenant, root_cause_id)
        if home is not None:
            return home
        if join is not None and (await self._store.load(tenant, CAPA.stream(join))).version > 0:
            return join
        return derived_id("capa", str(root_cause_id))

    async def answer_cause(
        self, context: Context, capa_id: UUID, cause: Cause, year: int, reaction: Reaction
    ) -> HandledCapa:
        """Open the CAPA with this cause, or let the one that is open address it (rule 15)."""
        exists = (await self._store.load(context.tenant, CAPA.stream(capa_id))).version > 0
        known = await self.home_of(context.tenant, cause.root_cause_id)
        claims = [] if known else [cause_claim(cause.root_cause_id)]
        if exists:
            command = AddressCause(capa_id=capa_id, cause=cause)
            return await self._capas.handle(context, capa_id, command, claims=claims, reaction=reaction)
        return await self._open(context, capa_id, cause, year, claims, reaction)

    async def _open(
        self, context: Context, capa_id: UUID, cause: Cause, year: int, claims: Sequence[Claim], reaction: Reaction
    ) -> HandledCapa:
        number = await self._free_number(context.tenant, year)
        command = OpenCapa(capa_id=capa_id, capa_no=number, title=cause.statement, cause=cause)
        taken = [*claims, Claim(NUMBER_SCOPE, number)]
        return await self._capas.handle(context, capa_id, command, claims=taken, reaction=reaction)

    async def _free_number(self, tenant: str, year: int) -> str:
        """A reaction refused for a number already held (after a restore, say) would be refused for good: look first."""
        while True:
            number = f"A{year}-{await self._numbers.next(tenant, NUMBER_SCOPE, year):04d}"
            if await self._store.holder(tenant, Claim(NUMBER_SCOPE, number)) is None:
                return number

    async def release_cause(self, context: Context, command: ReleaseCause, reaction: Reaction) -> HandledCapa:
        return await self._capas.handle(context, command.capa_id, command, reaction=reaction)

    async def suspect_recurrences(
        self, context: Context, command: SuspectRecurrences, reaction: Reaction
    ) -> HandledCapa:
        return await self._capas.handle(context, command.capa_id, command, reaction=reaction)

    async def review_recurrence(self, context: Context, command: ReviewRecurrence) -> HandledCapa:
        return await self._handle(context, command)

    async def plan_action(self, context: Context, command: PlanAction) -> HandledCapa:
        """The answer names `action_no`."""
        return await self._capas.handle(context, command.capa_id, command, answer=_planned)

    async def approve_action(self, context: Context, command: ApproveAction) -> HandledCapa:
        return await self._handle(context, command)

    async def return_action(self, context: Context, command: ReturnAction) -> HandledCapa:
        return await self._handle(context, command)

    async def start_action(self, context: Context, command: StartAction) -> HandledCapa:
        return await self._handle(context, command)

    async def complete_action(self, context: Context, command: CompleteAction) -> HandledCapa:
        return await self._handle(context, command)

    async def verify_action(self, context: Context, command: VerifyAction) -> HandledCapa:
        return await self._handle(context, command)

    async def cancel_action(self, context: Context, command: CancelAction) -> HandledCapa:
        return await self._handle(context, command)

    async def change_due_date(self, context: Context, command: ChangeDueDate) -> HandledCapa:
        return await self._handle(context, command)

    async def record_similarity_search(self, context: Context, command: RecordSimilaritySearch) -> HandledCapa:
        return await self._handle(context, command)

    async def review_control_plan(self, context: Context, command: ReviewControlPlan) -> HandledCapa:
        return await self._handle(context, command)

    async def plan_effectiveness_check(self, context: Context, command: PlanEffectivenessCheck) -> HandledCapa:
        return await self._handle(context, command)

    async def capa(self, tenant: str, capa_id: UUID) -> Capa:
        """The present state: its `window` is what a measurement must count."""
        loaded = await self._store.load(tenant, CAPA.stream(capa_id))
        return CAPA.fold(recorded.event for recorded in loaded.events)

    async def measure_effectiveness(self, context: Context, command: MeasureEffectiveness) -> HandledCapa:
        return await self._handle(context, command)

    async def confirm_effectiveness(self, context: Context, command: ConfirmEffectiveness) -> HandledCapa:
        return await self._handle(context, command)

    async def fail_effectiveness(self, context: Context, command: FailEffectiveness) -> HandledCapa:
        return await self._handle(context, command)

    async def record_lesson(self, context: Context, command: RecordLesson) -> HandledCapa:
        return await self._handle(context, command)

    async def close(self, context: Context, command: CloseCapa) -> HandledCapa:
        return await self._handle(context, command)

    async def reopen(self, context: Context, command: ReopenCapa) -> HandledCapa:
        return await self._handle(context, command)

    async def _handle(self, context: Context, command: CapaCommand) -> HandledCapa:
        return await self._capas.handle(context, command.capa_id, command, answer=_named)


def _named(capa: Capa, _: Sequence[Event]) -> dict[str, Any]:
    return {"id": str(capa.capa_id)}


def _planned(capa: Capa, events: Sequence[Event]) -> dict[str, Any]:
    planned = next(event for event in events if isinstance(event, ActionPlanned))
    return {"capa_id": str(capa.capa_id), "action_no": planned.action_no}
