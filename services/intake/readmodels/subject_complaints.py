"""Which complaints are this person's, and when were they closed? What erasure asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from services.intake.domain.data_subject.decider import SubjectComplaint
from shared.adapters.postgres.reader import Reader
from shared.contracts.intake.complaint import ComplaintClosed, ComplaintRegistered, ComplaintReopened
from shared.kernel.ports import EventLog
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

STREAM = "complaint-"
PATIENCE_SECONDS = 5.0


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    if recorded.meta.stream.startswith(STREAM):
        yield (UUID(recorded.meta.stream.removeprefix(STREAM)),)


def _apply(rows: Rows, recorded: Recorded) -> None:
    for key in _touches(recorded):
        row = rows.get(*key)
        match recorded.event:
            case ComplaintRegistered(complaint_id=id_, subject_id=subject, complaint_no=number):
                rows.put({"complaint_id": id_, "subject_id": subject, "complaint_no": number, "closed_on": None})
            case ComplaintClosed(closed_at=closed_at) if row:
                rows.put(row | {"closed_on": closed_at.date()})
            case ComplaintReopened() if row:
                rows.put(row | {"closed_on": None})


MODEL = ReadModel(
    name="subject_complaints",
    sources=frozenset({"intake"}),
    columns=(
        Column("complaint_id", "uuid", nullable=False),
        Column("subject_id", "uuid", nullable=False),
        Column("complaint_no", "text", nullable=False),
        Column("closed_on", "date"),
    ),
    key=("complaint_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, subject_id)",),
)


class CaughtUp(Protocol):
    """Waits until a view has passed a position."""

    async def caught_up(self, tenant: str, after: dict[str, int], models: list[str], patience: float) -> None: ...


class SubjectComplaintsView:
    """The SubjectComplaints port: never behind the log's own head when it answers."""

    def __init__(self, reader: Reader, log: EventLog, views: CaughtUp) -> None:
        self._reader = reader
        self._log = log
        self._views = views

    async def of(self, tenant: str, subject_id: UUID) -> tuple[SubjectComplaint, ...]:
        head = (await self._log.heads()).get(tenant, 0)
        await self._views.caught_up(tenant, {"intake": head}, [MODEL.name], PATIENCE_SECONDS)
        rows = await self._reader.fetch(
            "select complaint_no, closed_on from read.subject_complaints"
            " where tenant = $1 and subject_id = $2 order by complaint_no",
            tenant,
            subject_id,
        )
        return tuple(SubjectComplaint(complaint_no=r["complaint_no"], closed_on=r["closed_on"]) for r in rows)
