"""Which investigations are there, and are they open? For whoever hands a complaint over to one."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.intake.domain.complaint.commands import Target
from shared.adapters.runtime import Resources, Views
from shared.contracts.investigation.investigation import (
    InvestigationConcluded,
    InvestigationOpened,
    InvestigationReopened,
)
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, (InvestigationOpened, InvestigationConcluded, InvestigationReopened)):
        yield (event.investigation_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    for key in _touches(recorded):
        row = rows.get(*key)
        if isinstance(event, InvestigationOpened):
            row = {"investigation_id": event.investigation_id, "number": event.investigation_no}
        if row is not None:
            rows.put(row | {"concluded": isinstance(event, InvestigationConcluded)})


MODEL = ReadModel(
    name="open_investigations",
    sources=frozenset({"investigation"}),
    columns=(
        Column("investigation_id", "uuid", nullable=False),
        Column("number", "text", nullable=False),
        Column("concluded", "boolean", nullable=False),
    ),
    key=("investigation_id",),
    touches=_touches,
    apply=_apply,
)

_ONE = "select number, concluded from read.open_investigations where tenant = $1 and investigation_id = $2"


class OpenInvestigations:
    """As the investigation's log tells by now: a hand-over to nobody would tell nobody."""

    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def target(self, tenant: str, investigation_id: UUID) -> Target | None:
        """None: there is no such investigation. Raises ViewBehind where that can't be told in time."""
        await self._views.all_told(tenant, [MODEL], self._resources.settings.wait_seconds)
        row = await self._resources.look_ups.fetchrow(_ONE, tenant, investigation_id)
        return None if row is None else Target(number=row["number"], concluded=row["concluded"])
