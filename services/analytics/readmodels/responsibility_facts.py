"""Which party was confirmed to answer for which cause? One row a share of a confirmed proposal.

Shares that a later confirmation replaced stay readable; `current` tells which hold (rule 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

from services.analytics.domain.facts import ShareFact
from services.analytics.domain.slices import Slice
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.responsibility import (
    ResponsibilityConfirmed,
    ResponsibilityContested,
    ResponsibilityUpheld,
    Share,
)
from shared.contracts.words import ShareKind
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

KINDS: tuple[ShareKind, ...] = get_args(ShareKind)


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    match event:
        case ResponsibilityConfirmed():
            return [_key(event, share) for share in event.shares]
        case ResponsibilityContested(stage="appeal") | ResponsibilityUpheld():
            party = event.party
            return [(event.root_cause_id, event.proposal_no, party.kind, party.code, kind) for kind in KINDS]
        case _:
            return []


def _key(event: ResponsibilityConfirmed, share: Share) -> RowKey:
    return (event.root_cause_id, event.proposal_no, share.party.kind, share.party.code, share.kind)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, ResponsibilityConfirmed):
        for shares in _by_key(event).values():
            rows.put(_confirmed(event, shares) | {"confirmed_at": recorded.meta.occurred_at})
        return
    appealed = isinstance(event, ResponsibilityContested)
    for key in _touches(recorded):
        row = rows.get(*key)
        if row is not None:
            rows.put(row | {"appealed": appealed})


def _by_key(event: ResponsibilityConfirmed) -> Mapping[RowKey, Sequence[Share]]:
    found: dict[RowKey, list[Share]] = {}
    for share in event.shares:
        found.setdefault(_key(event, share), []).append(share)
    return found


def _confirmed(event: ResponsibilityConfirmed, shares: Sequence[Share]) -> Row:
    """One party may hold two shares of a kind in one event, by two rules: they are one record of their sum.

    Confirmed again after an appeal that was upheld, the record is the same one: it is written anew, nothing is added.
    """
    share = shares[0]
    percents = [one.percent for one in shares if one.percent is not None]
    return {
        "root_cause_id": event.root_cause_id,
        "proposal_no": event.proposal_no,
        "party_kind": share.party.kind,
        "party_code": share.party.code,
        "share_kind": share.kind,
        "investigation_id": event.investigation_id,
        "percent": sum(percents, Decimal(0)) if percents else None,
        "rule": ", ".join(one.rule for one in shares),
        "clause": ", ".join(one.clause for one in shares),
        "leg": event.leg,
        "node": event.node,
        "products": list(event.products),
        "defect_codes": list(event.defect_codes),
        "silent": share.party in event.silent,
        "appealed": False,
    }


MODEL = ReadModel(
    name="responsibility_facts",
    sources=frozenset({"investigation"}),
    columns=(
        Column("root_cause_id", "uuid", nullable=False),
        Column("proposal_no", "integer", nullable=False),
        Column("party_kind", "text", nullable=False),
        Column("party_code", "text", nullable=False),
        Column("share_kind", "text", nullable=False),
        Column("investigation_id", "uuid", nullable=False),
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
    key=("root_cause_id", "proposal_no", "party_kind", "party_code", "share_kind"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, confirmed_at)", "(tenant, party_kind, party_code)"),
)

_QUERY = """
select s.* from read.responsibility_facts s
join read.cause_facts c on c.tenant = s.tenant and c.root_cause_id = s.root_cause_id
where s.tenant = $1
  and s.proposal_no = (select max(m.proposal_no) from read.responsibility_facts m
                       where m.tenant = s.tenant and m.root_cause_id = s.root_cause_id)
  and ($2::timestamptz is null or s.confirmed_at >= $2) and ($3::timestamptz is null or s.confirmed_at < $3)
  and ($4::text is null or $4 = any (s.products))
order by s.confirmed_at, s.root_cause_id, s.share_kind, s.party_kind, s.party_code
"""


async def shares(reader: Reader, tenant: str, asked: Slice) -> list[ShareFact]:
    """Shares that hold, of causes that stand, confirmed in the slice."""
    rows = await reader.fetch(_QUERY, tenant, asked.since, asked.until, asked.product)
    return [share(row) for row in rows]


def current(rows: Iterable[Mapping[str, Any]], standing_causes: set[Any]) -> list[Mapping[str, Any]]:
    """What the query says in SQL, for rows folded from a log: the newest confirmation of each cause that stands."""
    rows = [row for row in rows if row["root_cause_id"] in standing_causes]
    newest: dict[Any, int] = {}
    for row in rows:
        newest[row["root_cause_id"]] = max(row["proposal_no"], newest.get(row["root_cause_id"], 0))
    held = [row for row in rows if row["proposal_no"] == newest[row["root_cause_id"]]]
    names = ("confirmed_at", "root_cause_id", "share_kind", "party_kind", "party_code")
    return sorted(held, key=lambda row: tuple(row[name] for name in names))


def share(row: Mapping[str, Any]) -> ShareFact:
    names = ("investigation_id", "root_cause_id", "party_kind", "party_code", "share_kind", "percent", "rule", "clause")
    named = {name: row[name] for name in (*names, "leg", "node", "confirmed_at", "silent", "appealed")}
    return ShareFact(products=tuple(row["products"]), defect_codes=tuple(row["defect_codes"]), **named)
