"""Publishing flows and rules."""

from __future__ import annotations

from services.investigation.application.ports import RuleTable
from services.investigation.domain.reference.commands import (
    PublishMapping,
    PublishProcessFlow,
    PublishResponsibilityRules,
    ReferenceCommand,
)
from services.investigation.domain.reference.decider import Published, mapping, process_flow, responsibility_rules
from services.investigation.domain.responsibility.shares import check_rules
from shared.kernel.handling import Handled, Handler
from shared.kernel.ports import Context, EventStore, Vault


class ReferenceHandlers:
    def __init__(self, store: EventStore, vault: Vault, table: RuleTable) -> None:
        self._table = table
        self._flows: Handler[Published, ReferenceCommand] = Handler(process_flow, store, vault)
        self._rules: Handler[Published, ReferenceCommand] = Handler(responsibility_rules, store, vault)
        self._mappings: Handler[Published, ReferenceCommand] = Handler(mapping, store, vault)

    async def publish_flow(self, context: Context, command: PublishProcessFlow) -> Handled[Published]:
        return await self._flows.handle(context, command.flow, command, answer=lambda s, _: {"version": s.version})

    async def publish_rules(self, context: Context, command: PublishResponsibilityRules) -> Handled[Published]:
        """Raises Invalid for a table that doesn't compile, and RulesInvalid for one that gives no shares."""
        check_rules(*self._table.check(command.document))
        return await self._rules.handle(context, command.rules, command, answer=lambda s, _: {"version": s.version})

    async def publish_mapping(self, context: Context, command: PublishMapping) -> Handled[Published]:
        """The document was checked by `domain.facts` before."""
        return await self._mappings.handle(
            context, command.mapping, command, answer=lambda s, _: {"version": s.version}
        )
