"""Which investigation is a complaint in, or was it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.investigation import ComplaintJoined, ComplaintLeft
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, (ComplaintJoined, ComplaintLeft)):
        yield (event.complaint_id, event.investigation_id)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, ComplaintJoined):
        rows.put(
            {
                "complaint_id": event.complaint_id,
                "investigation_id": event.investigation_id,
                "complaint_no": event.complaint_no,
                "joined_at": recorded.recorded_at,
                "is_in": True,
            }
        )
    elif isinstance(event, ComplaintLeft):
        row = rows.get(event.complaint_id, event.investigation_id)
        if row is not None:
            rows.put(row | {"is_in": False})


MODEL = ReadModel(
    name="joined_complaints",
    sources=frozenset({"investigation"}),
    columns=(
        Column("complaint_id", "uuid", nullable=False),
        Column("investigation_id", "uuid", nullable=False),
        Column("complaint_no", "text", nullable=False),
        Column("joined_at", "timestamptz", nullable=False),
        Column("is_in", "boolean", nullable=False),
    ),
    key=("complaint_id", "investigation_id"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, investigation_id)",),
)


async def investigations_of(reader: Reader, tenant: str, complaint_id: UUID) -> Sequence[Mapping[str, Any]]:
    """The investigations that this complaint is in now, the newest first; usually one."""
    return await reader.fetch(
        "select investigation_id, joined_at from read.joined_complaints"
        " where tenant = $1 and complaint_id = $2 and is_in order by joined_at desc, investigation_id",
        tenant,
        complaint_id,
    )


async def known_in(reader: Reader, tenant: str, complaint_id: UUID) -> UUID | None:
    """The investigation that it joined last, left or not: there is what the hand-over said of it."""
    row = await reader.fetchrow(
        "select investigation_id from read.joined_complaints where tenant = $1 and complaint_id = $2"
        " order by joined_at desc, investigation_id limit 1",
        tenant,
        complaint_id,
    )
    return None if row is None else row["investigation_id"]
