"""Which files of facts were imported, when and by whom, and what came of their rows?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.facts import FactsCaptured, FactsSuperseded
from shared.contracts.words import RecordSystem
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, FactsCaptured | FactsSuperseded):
        yield (event.batch_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case FactsCaptured():
            rows.put(_imported(event, recorded))
        case FactsSuperseded():
            row = rows.get(event.batch_id)
            if row is not None:
                rows.put(row | {"superseded": row["superseded"] + len(event.superseded)})
        case _:
            pass


def _imported(event: FactsCaptured, recorded: Recorded) -> Row:
    return {
        "batch_id": event.batch_id,
        "kind": event.kind,
        "system": event.system,
        "source": event.source,
        "mapping": event.mapping,
        "mapping_version": event.mapping_version,
        "rows": event.rows,
        "refused_rows": event.refused_rows,
        "superseded": 0,
        "sha256": event.sha256,
        "file_sha256": event.file_sha256,
        "imported_by": recorded.meta.actor.subject,
        "imported_at": recorded.recorded_at,
    }


MODEL = ReadModel(
    name="fact_imports",
    sources=frozenset({"investigation"}),
    columns=(
        Column("batch_id", "uuid", nullable=False),
        Column("kind", "text", nullable=False),
        Column("system", "text", nullable=False),
        Column("source", "text", nullable=False),
        Column("mapping", "text", nullable=False),
        Column("mapping_version", "integer", nullable=False),
        Column("rows", "integer", nullable=False),
        Column("refused_rows", "integer", nullable=False),
        Column("superseded", "integer", nullable=False),
        Column("sha256", "text", nullable=False),
        Column("file_sha256", "text", nullable=False),
        Column("imported_by", "text", nullable=False),
        Column("imported_at", "timestamptz", nullable=False),
    ),
    key=("batch_id",),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, imported_at, batch_id)",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFilter:
    """None doesn't filter. `refused`: with rows that were refused, or without. `until` is not in the period."""

    kind: str | None = None
    system: RecordSystem | None = None
    source: str | None = None
    mapping: str | None = None
    refused: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


_QUERY = """
select batch_id id, kind, system, source, mapping, mapping_version, rows, refused_rows, superseded, sha256, file_sha256,
       imported_by, imported_at
from read.fact_imports
where tenant = $1
  and ($2::text is null or kind = $2)
  and ($3::text is null or system = $3)
  and ($4::text is null or source = $4)
  and ($5::text is null or mapping = $5)
  and ($6::boolean is null or (refused_rows > 0) = $6)
  and ($7::timestamptz is null or imported_at >= $7)
  and ($8::timestamptz is null or imported_at < $8)
  and ($9::timestamptz is null or (imported_at, batch_id) < ($9, $10::uuid))
order by imported_at desc, batch_id desc
limit $11
"""


async def imports(
    reader: Reader, tenant: str, asked: ImportFilter, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Mapping[str, Any]]:
    """A page of imports, newest first; `after` is (imported_at, id) of the last one."""
    return await reader.fetch(
        _QUERY,
        tenant,
        asked.kind,
        asked.system,
        asked.source,
        asked.mapping,
        asked.refused,
        asked.since,
        asked.until,
        *(after if after is not None else (None, None)),
        limit,
    )
