"""What the handlers look up before they decide, over this service's own tables (the ports of application/ports.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from time import monotonic
from uuid import UUID

from services.investigation.domain.facts.record import FactId
from services.investigation.domain.flow.default import Flow
from services.investigation.domain.reference.published import PublishedRules
from services.investigation.domain.report.sources import Improvement
from services.investigation.readmodels import (
    capa_actions,
    capa_causes,
    capa_effects,
    cited_evidence,
    investigation_references,
)
from services.investigation.readmodels.capa_actions import actions_of
from services.investigation.readmodels.capa_effects import effects_in, effects_of
from services.investigation.readmodels.cited_evidence import investigations_citing
from services.investigation.readmodels.default_rules import default_rules
from services.investigation.readmodels.fact_rows import FactRows
from services.investigation.readmodels.investigation_references import flow_for, flow_version, newest
from shared.adapters.postgres.connection import reading
from shared.adapters.postgres.read_table import shown_position
from shared.adapters.runtime import Resources, Views
from shared.kernel.errors import ViewBehind
from shared.kernel.readmodel import heard, project

PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.02
CONFIDENTIAL = ("supplier", "supplier_name", "customer", "customer_name", "carrier")


class PublishedReferences:
    """Waits for the log's own head, so that what was just published holds."""

    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def flow(self, tenant: str, product: str | None) -> Flow:
        await self._caught_up(tenant)
        return await flow_for(self._resources.look_ups, tenant, product)

    async def flow_version(self, tenant: str, flow: str, version: int) -> Flow:
        await self._caught_up(tenant)
        return await flow_version(self._resources.look_ups, tenant, flow, version)

    async def rules(self, tenant: str) -> PublishedRules:
        await self._caught_up(tenant)
        row = await newest(self._resources.look_ups, tenant, "responsibility_rules")
        if row is None:
            return default_rules()
        return PublishedRules(row["name"], row["version"], row["document"], row["hearing_days"])

    async def _caught_up(self, tenant: str) -> None:
        head = (await self._resources.log.heads()).get(tenant, 0)
        model = investigation_references.MODEL.name
        await self._views.come_to(tenant, head, [model], PATIENCE_SECONDS)


class Citations:
    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def investigations(self, tenant: str, facts: Collection[FactId], not_before: int) -> Sequence[UUID]:
        await self._views.come_to(tenant, not_before, [cited_evidence.MODEL.name], PATIENCE_SECONDS)
        return await investigations_citing(self._resources.look_ups, tenant, facts)


class ActionsOfCapas:
    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def now(self, tenant: str, investigation_id: UUID) -> tuple[Improvement, int]:
        """All tables and their checkpoints as one moment shows them. Raises ViewBehind where they stay apart."""
        until = monotonic() + PATIENCE_SECONDS
        while True:
            done, positions = await self._shown(tenant, investigation_id)
            if len(positions) == 1:
                return done, positions.pop()
            if monotonic() >= until:
                raise ViewBehind(service="capa", position=max(positions))
            await asyncio.sleep(LOOK_SECONDS)

    async def _shown(self, tenant: str, investigation_id: UUID) -> tuple[Improvement, set[int]]:
        """And the positions at which the tables stand. Raises StoreUnavailable."""
        with reading():
            async with (
                self._resources.derived.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                done = Improvement(
                    actions=await actions_of(connection, tenant, investigation_id),
                    effects=await effects_of(connection, tenant, investigation_id),
                )
                return done, {await shown_position(connection, tenant, model, "capa") for model in _ACTION_MODELS}

    async def at(self, tenant: str, investigation_id: UUID, until: int) -> Improvement:
        events = await heard(self._views.logs["capa"], tenant, until)
        causes, actions, effects = (project(model, events).values() for model in _ACTION_MODELS)
        return Improvement(
            actions=capa_actions.actions_in(investigation_id, causes, actions),
            effects=effects_in(investigation_id, causes, effects),
        )


class NamesInFacts:
    def __init__(self, rows: FactRows) -> None:
        self._rows = rows

    async def confidential(self, tenant: str, own_account: str | None, until: int) -> frozenset[str]:
        """Names and codes of all suppliers, carriers and customers known from facts, but for this customer's own."""
        found: set[str] = set()
        for field in CONFIDENTIAL:
            found |= await self._rows.names(tenant, field, until)
        return frozenset(found - {own_account})


_ACTION_MODELS = (capa_causes.MODEL, capa_actions.MODEL, capa_effects.MODEL)
ACTIONS_FOLLOW = [model.name for model in _ACTION_MODELS]
"""To be waited for where a report is to hold what was just done in capa."""

MODELS = (*_ACTION_MODELS, cited_evidence.MODEL, investigation_references.MODEL)
