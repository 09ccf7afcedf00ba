"""Whose answer is awaited? The shares proposed for each root cause, and what each party answered (rule 11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.investigation.domain.investigation.hearing import Hearing, heard
from services.investigation.domain.investigation.state import UNHEARABLE, PartyAnswer, Shares
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.cause import RootCauseWithdrawn
from shared.contracts.investigation.responsibility import Share
from shared.contracts.party import Party
from shared.contracts.words import ShareKind
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

Answer = Literal["awaited", "accepted", "contested", "upheld"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Borne:
    """One share of a party: `percent` is None for management responsibility."""

    kind: ShareKind
    percent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one party bears by the newest proposal, and its answer; None where nobody speaks for such a party."""

    party: Party
    answer: Answer | None
    shares: tuple[Borne, ...]


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, Hearing | RootCauseWithdrawn):
        yield (event.investigation_id, event.root_cause_id)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, RootCauseWithdrawn):
        rows.delete(event.investigation_id, event.root_cause_id)
    elif isinstance(event, Hearing):
        before = rows.get(event.investigation_id, event.root_cause_id)
        after = heard(None if before is None else _shares(before), event)
        key = {"investigation_id": event.investigation_id, "root_cause_id": event.root_cause_id}
        rows.put(key | _columns(after))


def _columns(shares: Shares) -> Row:
    told = {party: _answer(shares, party) for party in shares.parties}
    return {
        "proposal_no": shares.proposal_no,
        "hear_by": shares.hear_by,
        "confirmed": shares.confirmed,
        "shares": msgspec.to_builtins(shares.shares),
        "answers": [[party.kind, party.code, answer] for party, answer in shares.answers.items()],
        "awaited": sorted(_text(party) for party, answer in told.items() if answer == "awaited"),
        "contested": sorted(_text(party) for party, answer in told.items() if answer == "contested"),
        "bearing": sorted(_text(party) for party in shares.parties),
    }


def _shares(row: Row) -> Shares:
    """As much of them as hearing on needs: who spoke and who proposed is the decision's business."""
    answers: dict[Party, PartyAnswer] = {Party(kind=kind, code=code): answer for kind, code, answer in row["answers"]}
    return Shares(
        row["proposal_no"],
        frozenset(),
        msgspec.convert(row["shares"], tuple[Share, ...]),
        row["hear_by"],
        answers=answers,
        confirmed=row["confirmed"],
    )


def _text(party: Party) -> str:
    return f"{party.kind}:{party.code}"


MODEL = ReadModel(
    name="hearings",
    sources=frozenset({"investigation"}),
    columns=(
        Column("investigation_id", "uuid", nullable=False),
        Column("root_cause_id", "uuid", nullable=False),
        Column("proposal_no", "integer", nullable=False),
        Column("hear_by", "timestamptz", nullable=False),
        Column("confirmed", "boolean", nullable=False),
        Column("shares", "jsonb", nullable=False),
        Column("answers", "jsonb", nullable=False),
        Column("awaited", "text[]", nullable=False),
        Column("contested", "text[]", nullable=False),
        Column("bearing", "text[]", nullable=False),
    ),
    key=("investigation_id", "root_cause_id"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, hear_by, root_cause_id)",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFilter:
    """None doesn't filter. `state` and `party` together: where that party's answer is the one awaited or contested.

    `parties`: only theirs (rule 13).
    """

    party: Party | None = None
    state: Literal["awaited", "contested", "confirmed"] | None = None
    investigation_id: UUID | None = None
    due_before: datetime | None = None
    parties: Collection[Party] | None = None


_QUERY = """
select h.*, i.investigation_no
from read.hearings h
left join read.investigation_list i on i.tenant = h.tenant and i.investigation_id = h.investigation_id
cross join lateral (
  select case $2 when 'awaited' then h.awaited when 'contested' then h.contested else h.bearing end) of (who)
where h.tenant = $1
  and ($2::text is null or h.confirmed = ($2 = 'confirmed'))
  and cardinality(of.who) > 0
  and ($3::text is null or $3 = any (of.who))
  and ($4::text[] is null or of.who && $4)
  and ($5::uuid is null or h.investigation_id = $5)
  and ($6::timestamptz is null or h.hear_by < $6)
  and ($7::timestamptz is null or (h.hear_by, h.root_cause_id) > ($7, $8::uuid))
order by h.hear_by, h.root_cause_id
limit $9
"""


async def hearings(
    reader: Reader, tenant: str, asked: HearingFilter, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Mapping[str, Any]]:
    """A page of hearings, the nearest deadline first; `after` is (hear_by, root_cause_id) of the last one."""
    rows = await reader.fetch(
        _QUERY,
        tenant,
        asked.state,
        None if asked.party is None else _text(asked.party),
        None if asked.parties is None else [_text(party) for party in asked.parties],
        asked.investigation_id,
        asked.due_before,
        *(after if after is not None else (None, None)),
        limit,
    )
    return [_told(row, asked.parties) for row in rows]


def _told(row: Mapping[str, Any], parties: Collection[Party] | None) -> dict[str, Any]:
    shares = _shares({**row, **{name: msgspec.json.decode(row[name]) for name in ("shares", "answers")}})
    return {
        **{name: row[name] for name in ("investigation_id", "investigation_no", "root_cause_id", "proposal_no")},
        "hear_by": shares.hear_by,
        "confirmed": shares.confirmed,
        "parties": [
            msgspec.to_builtins(_hearing(shares, party))
            for party in shares.parties
            if parties is None or party in parties
        ],
    }


def _hearing(shares: Shares, party: Party) -> Heard:
    borne = tuple(
        Borne(kind=share.kind, percent=None if share.percent is None else str(share.percent))
        for share in shares.shares
        if share.party == party
    )
    return Heard(party=party, answer=_answer(shares, party), shares=borne)


def _answer(shares: Shares, party: Party) -> Answer | None:
    return None if party.kind in UNHEARABLE else shares.answers.get(party, "awaited")
