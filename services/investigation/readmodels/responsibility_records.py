"""Who bore which share of what, when? The confirmed responsibility by party, node, leg, product and period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.investigation.domain.responsibility.shares import MAX_SHARES
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.cause import RootCauseWithdrawn
from shared.contracts.investigation.responsibility import (
    ResponsibilityConfirmed,
    ResponsibilityContested,
    ResponsibilityUpheld,
    Share,
)
from shared.contracts.party import Party
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

Told = ResponsibilityConfirmed | ResponsibilityContested | ResponsibilityUpheld | RootCauseWithdrawn


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    """Every share the cause can have: a new confirmation replaces them all."""
    event = recorded.event
    if isinstance(event, Told):
        for number in range(1, MAX_SHARES + 1):
            yield (event.investigation_id, event.root_cause_id, number)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if not isinstance(event, Told):
        return
    for number in range(1, MAX_SHARES + 1):
        key = (event.investigation_id, event.root_cause_id, number)
        row = rows.get(*key)
        match event:
            case ResponsibilityConfirmed() if number <= len(event.shares):
                rows.put(_row(event, number, event.shares[number - 1], recorded))
            case ResponsibilityConfirmed() | RootCauseWithdrawn() if row is not None:
                rows.delete(*key)
            case ResponsibilityContested() if row is not None and _bears(row, event):
                rows.put(row | {"appealed": True})
            case ResponsibilityUpheld() if row is not None and _bears(row, event):
                rows.put(row | {"appealed": False})
            case _:
                pass


def _bears(row: Row, event: ResponsibilityContested | ResponsibilityUpheld) -> bool:
    return (row["party_kind"], row["party_code"]) == (event.party.kind, event.party.code)


def _row(event: ResponsibilityConfirmed, number: int, share: Share, recorded: Recorded) -> Row:
    return {
        "investigation_id": event.investigation_id,
        "root_cause_id": event.root_cause_id,
        "share_no": number,
        "party_kind": share.party.kind,
        "party_code": share.party.code,
        "share_kind": share.kind,
        "percent": share.percent,
        "rule": share.rule,
        "clause": share.clause,
        "leg": event.leg,
        "node": event.node,
        "products": list(event.products),
        "defect_codes": list(event.defect_codes),
        "silent": share.party in event.silent,
        "appealed": False,
        "confirmed_at": recorded.recorded_at,
    }


MODEL = ReadModel(
    name="responsibility_records",
    sources=frozenset({"investigation"}),
    columns=(
        Column("investigation_id", "uuid", nullable=False),
        Column("root_cause_id", "uuid", nullable=False),
        Column("share_no", "integer", nullable=False),
        Column("party_kind", "text", nullable=False),
        Column("party_code", "text", nullable=False),
        Column("share_kind", "text", nullable=False),
        Column("percent", "numeric"),
        Column("rule", "text", nullable=False),
        Column("clause", "text", nullable=False),
        Column("leg", "text", nullable=False),
        Column("node", "text", nullable=False),
        Column("products", "text[]", nullable=False),
        Column("defect_codes", "text[]", nullable=False),
        Column("silent", "boolean", nullable=False),
        Column("appealed", "boolean", nullable=False),
        Column("confirmed_at", "timestamptz", nullable=False),
    ),
    key=("investigation_id", "root_cause_id", "share_no"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, confirmed_at, root_cause_id, share_no)", "(tenant, party_kind, party_code)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """None doesn't filter. `since` is inside the period, `until` is not. `parties`: only theirs (rule 13)."""

    party: Party | None = None
    node: str | None = None
    leg: str | None = None
    product: str | None = None
    investigation_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    parties: Collection[Party] | None = None


_QUERY = """
select r.*, i.investigation_no
from read.responsibility_records r
left join read.investigation_list i on i.tenant = r.tenant and i.investigation_id = r.investigation_id
where r.tenant = $1
  and ($2::text is null or (r.party_kind, r.party_code) = ($2, $3))
  and ($4::text is null or r.node = $4)
  and ($5::text is null or r.leg = $5)
  and ($6::text is null or $6 = any (r.products))
  and ($7::uuid is null or r.investigation_id = $7)
  and ($8::timestamptz is null or r.confirmed_at >= $8)
  and ($9::timestamptz is null or r.confirmed_at < $9)
  and ($10::text[] is null or (r.party_kind, r.party_code) in (select * from unnest($10::text[], $11::text[])))
  and ($12::timestamptz is null or (r.confirmed_at, r.root_cause_id, r.share_no) < ($12, $13::uuid, $14::integer))
order by r.confirmed_at desc, r.root_cause_id desc, r.share_no desc
limit $15
"""


async def records(
    reader: Reader,
    tenant: str,
    asked: RecordFilter,
    *,
    after: tuple[datetime, UUID, int] | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """A page of shares, newest first; `after` is (confirmed_at, root_cause_id, share_no) of the last one."""
    return await reader.fetch(
        _QUERY,
        tenant,
        None if asked.party is None else asked.party.kind,
        None if asked.party is None else asked.party.code,
        asked.node,
        asked.leg,
        asked.product,
        asked.investigation_id,
        asked.since,
        asked.until,
        None if asked.parties is None else [party.kind for party in asked.parties],
        None if asked.parties is None else [party.code for party in asked.parties],
        *(after if after is not None else (None, None, None)),
        limit,
    )
