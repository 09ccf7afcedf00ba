"""Which investigations cite this fact, and for which node? What a correction has to reach (rule 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from services.investigation.domain.facts.record import FactId, fact_ids
from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.cause import CauseRuledOut, RootCauseConfirmed, WhyAnswered
from shared.contracts.investigation.investigation import (
    ItemVerified,
    NodeCleared,
    NodeExamined,
    RecordsCrossChecked,
    SuspectNodeIdentified,
)
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

NO_NODE = ""
"""Where a fact is cited for something that isn't a node's: a verification, a why, a cross-check."""


def citations(event: Event) -> tuple[UUID, str, tuple[EvidenceRef, ...]] | None:
    """(investigation, node, evidence) of an event that cites; None for others."""
    match event:
        case NodeExamined():
            cited = tuple(ref for finding in event.findings for ref in finding.evidence)
            return event.investigation_id, event.node, cited
        case NodeCleared() | SuspectNodeIdentified() | RootCauseConfirmed():
            return event.investigation_id, event.node, event.evidence
        case RecordsCrossChecked():
            return event.investigation_id, NO_NODE, tuple(c.record for c in event.checks if c.record is not None)
        case ItemVerified() | WhyAnswered() | CauseRuledOut():
            return event.investigation_id, NO_NODE, event.evidence
        case _:
            return None


def _keys(recorded: Recorded) -> list[tuple[UUID, int, UUID, str]]:
    found = citations(recorded.event)
    if found is None:
        return []
    investigation_id, node, evidence = found
    return [(batch, row, investigation_id, node) for batch, row in sorted(fact_ids(evidence))]


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    return _keys(recorded)


def _apply(rows: Rows, recorded: Recorded) -> None:
    """The first citation stays: a fact once cited concerns the case for good."""
    for batch, row, investigation_id, node in _keys(recorded):
        if rows.get(batch, row, investigation_id, node) is None:
            rows.put(
                {
                    "batch_id": batch,
                    "row": row,
                    "investigation_id": investigation_id,
                    "node": node,
                    "position": recorded.position,
                }
            )


MODEL = ReadModel(
    name="cited_evidence",
    sources=frozenset({"investigation"}),
    columns=(
        Column("batch_id", "uuid", nullable=False),
        Column("row", "integer", nullable=False),
        Column("investigation_id", "uuid", nullable=False),
        Column("node", "text", nullable=False),
        Column("position", "bigint", nullable=False),
    ),
    key=("batch_id", "row", "investigation_id", "node"),
    touches=_touches,
    apply=_apply,
)


async def investigations_citing(reader: Reader, tenant: str, facts: Collection[FactId]) -> Sequence[UUID]:
    """Which investigations cite one of these facts."""
    rows = await reader.fetch(
        'select distinct c.investigation_id from unnest($2::uuid[], $3::integer[]) f(batch_id, "row")'
        ' join read.cited_evidence c on c.tenant = $1 and c.batch_id = f.batch_id and c."row" = f."row"'
        " order by c.investigation_id",
        tenant,
        [batch for batch, _ in facts],
        [row for _, row in facts],
    )
    return [row["investigation_id"] for row in rows]
