"""When was each investigation opened, when was its first root cause confirmed, when and how did it conclude?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.analytics.domain.facts import InvestigationFact
from services.analytics.domain.slices import Slice
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

_ALL = "select * from read.investigation_facts where tenant = $1 order by opened_at, investigation_id"

_QUERY = """
select v.* from read.investigation_facts v
where v.tenant = $1
  and ($2::timestamptz is null or v.opened_at >= $2) and ($3::timestamptz is null or v.opened_at < $3)
  and ($4::text is null
    or exists (
      select from read.case_facts c join read.item_facts i on i.tenant = c.tenant and i.complaint_id = c.complaint_id
      where c.tenant = v.tenant and c.investigation_id = v.investigation_id and c.received_at is not null
        and coalesce(i.verified_product, i.product) = $4)
    or exists (
      select from read.cause_facts u
      where u.tenant = v.tenant and u.investigation_id = v.investigation_id and $4 = any (u.products)))
order by v.opened_at, v.investigation_id
"""


async def investigation_rows(reader: Reader, tenant: str) -> Sequence[Mapping[str, Any]]:
    """All of the tenant: a case of any slice may be part of any."""
    return await reader.fetch(_ALL, tenant)


def investigation(row: Mapping[str, Any]) -> InvestigationFact:
    return InvestigationFact(**{column.name: row[column.name] for column in MODEL.columns})


async def investigations(reader: Reader, tenant: str, asked: Slice) -> list[InvestigationFact]:
    """Investigations opened in the slice, about the products of their complaints and causes."""
    rows = await reader.fetch(_QUERY, tenant, asked.since, asked.until, asked.product)
    return [investigation(row) for row in rows]
