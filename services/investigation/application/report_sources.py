"""What a report is derived from: this service's log and the capa log, each up to a named position, and nothing else."""

from __future__ import annotations

from uuid import UUID

from services.investigation.application.gathering import Gathering
from services.investigation.application.ports import Sight
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.decider import investigation
from services.investigation.domain.investigation.dossier import Dossier, gathered
from services.investigation.domain.report.customer import whose
from services.investigation.domain.report.sources import Header, Improvement, Sources
from shared.kernel.errors import NotFound
from shared.kernel.ports import EventStore

TRACED_LOTS = 10
"""Claimed lots whose genealogy the internal edition shows at most."""


class ReportSources:
    def __init__(self, store: EventStore, sight: Sight) -> None:
        self._store = store
        self._sight = sight

    async def dossier(self, tenant: str, investigation_id: UUID, until: int) -> Dossier:
        """The case as its log told it at that position. Raises NotFound."""
        loaded = await self._store.load(tenant, investigation.stream(investigation_id), until=until)
        if not loaded.events:
            raise NotFound(what="investigation", id=str(investigation_id))
        return gathered(recorded.event for recorded in loaded.events)

    async def sources(self, tenant: str, dossier: Dossier, header: Header, done: Improvement) -> Sources:
        """The same for the same header, for ever. `done` as of the header's position of capa."""
        opened, until = dossier.opened, position(header, self._store.service)
        assert opened is not None  # noqa: S101 - a stream begins with its opening
        flow = await self._sight.references.flow_version(tenant, opened.flow, opened.flow_version)
        if header.edition == "internal":
            traces = await self._traces(tenant, dossier, until)
            return Sources(dossier=dossier, flow=flow, actions=done.actions, effects=done.effects, traces=traces)
        own = dossier.complaints[whose(dossier, header.complaint_id)]
        names = await self._sight.names.confidential(tenant, own.account, until)
        return Sources(dossier=dossier, flow=flow, actions=done.actions, effects=done.effects, confidential=names)

    async def _traces(self, tenant: str, dossier: Dossier, until: int) -> tuple[Trace, ...]:
        gathering = Gathering(self._sight.facts, tenant, until)
        lots = sorted({item.lot for joined in dossier.complaints.values() for item in joined.items if item.lot})
        return tuple([await gathering.trace(lot, "backward") for lot in lots[:TRACED_LOTS]])


def position(header: Header, service: str) -> int:
    """Where the header says that service's log stood. Raises KeyError where it doesn't say."""
    return {at.service: at.position for at in header.positions}[service]
