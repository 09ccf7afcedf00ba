"""When was each investigation opened, when was its first root cause confirmed, when and how did it conclude?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.analytics.domain.facts import InvestigationFact
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.cause import RootCauseConfirmed
from shared.contracts.investigation.investigation import (
    InvestigationConcluded,
    InvestigationOpened,
    InvestigationReopened,
)
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

OF_INVESTIGATION = InvestigationOpened | RootCauseConfirmed | InvestigationConcluded | InvestigationReopened


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, OF_INVESTIGATION):
        yield (event.investigation_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event, at = recorded.event, recorded.meta.occurred_at
    if isinstance(event, InvestigationOpened):
        rows.put(
            {
                "investigation_id": event.investigation_id,
                "investigation_no": event.investigation_no,
                "opened_at": at,
                "root_cause_at": None,
                "concluded_at": None,
                "outcome": None,
            }
        )
        return
    for key in _touches(recorded):
        row = rows.get(*key)
        if row is None:
            return
        match event:
            case RootCauseConfirmed() if row["root_cause_at"] is None:
                row["root_cause_at"] = at
            case InvestigationConcluded():
                row |= {"concluded_at": at, "outcome": event.outcome}
            case InvestigationReopened():
                row |= {"concluded_at": None, "outcome": None}
        rows.put(row)


MODEL = ReadModel(
    name="investigation_facts",
    sources=frozenset({"investigation"}),
    columns=(
        Column("investigation_id", "uuid", nullable=False),
        Column("investigation_no", "text", nullable=False),
        Column("opened_at", "timestamptz", nullable=False),
        Column("root_cause_at", "timestamptz"),
        Column("concluded_at", "timestamptz"),
        Column("outcome", "text"),
    ),
    key=("investigation_id",),
    touches=_touches,
    apply=_apply,
)

_QUERY = "select * from read.investigation_facts where tenant = $1 order by opened_at, investigation_id"


async def investigation_rows(reader: Reader, tenant: str) -> Sequence[Mapping[str, Any]]:
    return await reader.fetch(_QUERY, tenant)


def investigation(row: Mapping[str, Any]) -> InvestigationFact:
    return InvestigationFact(**{column.name: row[column.name] for column in MODEL.columns})


async def investigations(reader: Reader, tenant: str) -> list[InvestigationFact]:
    return [investigation(row) for row in await investigation_rows(reader, tenant)]
