"""Shares proposed by the published rules, and the question what they would be (`what if`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from services.investigation.application.handlers import HandledCase, InvestigationHandlers
from services.investigation.application.ports import Sight
from services.investigation.domain.errors import RootCauseUnknown, RuleSilent
from services.investigation.domain.investigation.commands import ProposeResponsibility
from services.investigation.domain.reference.published import PublishedRules
from services.investigation.domain.responsibility.shares import CauseFacts, row_from, shares_from
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.responsibility import Share
from shared.kernel.ports import Context


class Responsibility:
    """`parties` names the outside parties of a case by the rules' own words: `{"supplier": "S-07"}`."""

    def __init__(self, handlers: InvestigationHandlers, sight: Sight) -> None:
        self._handlers = handlers
        self._sight = sight

    async def propose(
        self,
        context: Context,
        investigation_id: UUID,
        root_cause_id: UUID,
        parties: Mapping[str, str],
        evidence: tuple[EvidenceRef, ...] = (),
    ) -> HandledCase:
        """Shares by the newest rules, to be heard for as many days as these say (rule 11)."""
        if (first := await self._handlers.answered(context, investigation_id)) is not None:
            return first
        rules = await self._sight.references.rules(context.tenant)
        shares = await self.what_if(context.tenant, investigation_id, root_cause_id, parties, rules, evidence)
        command = ProposeResponsibility(
            root_cause_id=root_cause_id,
            rules=rules.rules,
            rules_version=rules.version,
            shares=shares,
            hear_by=context.now + timedelta(days=rules.hearing_days),
            now=context.now,
            by=context.actor.subject,
        )
        return await self._handlers.handle(context, investigation_id, command)

    async def what_if(
        self,
        tenant: str,
        investigation_id: UUID,
        root_cause_id: UUID,
        parties: Mapping[str, str],
        rules: PublishedRules,
        evidence: tuple[EvidenceRef, ...] = (),
    ) -> tuple[Share, ...]:
        """What these rules would give for that cause; nothing is recorded. Raises RuleSilent where no row matches."""
        state = await self._handlers.state(tenant, investigation_id)
        root = state.roots.get(root_cause_id)
        if root is None:
            raise RootCauseUnknown(root_cause_id=str(root_cause_id))
        flow = await self._sight.references.flow_version(tenant, state.flow, state.flow_version)
        node = flow.node(root.node)
        facts = CauseFacts(
            root=root,
            department=node.department if node else "",
            parties=parties,
            evidence=root.evidence + evidence,
        )
        rows = [row_from(outputs) for outputs in self._sight.table.rows(rules.document, facts.inputs)]
        if not rows:
            raise RuleSilent(rules=rules.rules, version=rules.version)
        return shares_from(rows, facts)
