"""Which CAPA answers which root cause of an investigation?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import CapaOpened, CauseAddressed, CauseReleased
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

_NUMBER = UUID(int=0)
"""A CAPA's number comes with its opening, before any cause: its row waits under no root cause."""


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, CapaOpened):
        yield (event.capa_id, _NUMBER)
    elif isinstance(event, (CauseAddressed, CauseReleased)):
        yield (event.capa_id, _NUMBER)
        yield (event.capa_id, event.root_cause_id)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, CapaOpened):
        rows.put(
            {
                "capa_id": event.capa_id,
                "root_cause_id": _NUMBER,
                "investigation_id": _NUMBER,
                "capa_no": event.capa_no,
            }
        )
    elif isinstance(event, CauseAddressed):
        opened = rows.get(event.capa_id, _NUMBER)
        rows.put(
            {
                "capa_id": event.capa_id,
                "root_cause_id": event.root_cause_id,
                "investigation_id": event.investigation_id,
                "capa_no": opened["capa_no"] if opened else "",
            }
        )
    elif isinstance(event, CauseReleased):
        rows.delete(event.capa_id, event.root_cause_id)


MODEL = ReadModel(
    name="capa_causes",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("root_cause_id", "uuid", nullable=False),
        Column("investigation_id", "uuid", nullable=False),
        Column("capa_no", "text", nullable=False),
    ),
    key=("capa_id", "root_cause_id"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, investigation_id)",),
)


async def capas_of(reader: Reader, tenant: str, investigation_id: UUID) -> Sequence[Mapping[str, Any]]:
    """capa_id, capa_no and root_cause_id of each cause of this investigation that a CAPA answers."""
    return await reader.fetch(
        "select capa_id, capa_no, root_cause_id from read.capa_causes where tenant = $1 and investigation_id = $2"
        " order by capa_no, root_cause_id",
        tenant,
        investigation_id,
    )
