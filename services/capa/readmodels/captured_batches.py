"""How many rows has each batch of facts? What a citation of a fact is held against here.

The rows themselves are the investigation's, in its own database: their sums can't be looked up from here, but that a
batch of this tenant was anchored, and has such a row, is in the log that this service follows.
Decision: docs/decisions/0014-evidence-cited-across-services.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from shared.adapters.postgres.reader import Reader
from shared.adapters.runtime import Resources, Views
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.facts import FactsCaptured
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

SOURCE = "investigation"


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    if isinstance(recorded.event, FactsCaptured):
        yield (recorded.event.batch_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    if isinstance(recorded.event, FactsCaptured):
        rows.put({"batch_id": recorded.event.batch_id, "rows": recorded.event.rows})


MODEL = ReadModel(
    name="captured_batches",
    sources=frozenset({SOURCE}),
    columns=(Column("batch_id", "uuid", nullable=False), Column("rows", "bigint", nullable=False)),
    key=("batch_id",),
    touches=_touches,
    apply=_apply,
)

_QUERY = "select batch_id, rows from read.captured_batches where tenant = $1 and batch_id = any ($2::uuid[])"


async def sizes(reader: Reader, tenant: str, batches: Collection[UUID]) -> Mapping[UUID, int]:
    """The number of rows of each of these batches that there is."""
    return {row["batch_id"]: row["rows"] for row in await reader.fetch(_QUERY, tenant, list(batches))}


class CapturedFacts:
    """Facts as far as the log tells of them."""

    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def there(self, tenant: str, facts: Sequence[EvidenceRef]) -> Collection[EvidenceRef]:
        """Those whose batch has such a row. One that isn't found is looked for again at the log's end.

        Raises ViewBehind where that takes longer than a read may wait.
        """
        found = await self._found(tenant, facts)
        if len(found) == len(set(facts)):
            return found
        patience = self._resources.settings.wait_seconds
        head = await self._views.head(SOURCE, tenant, patience)
        await self._views.caught_up(tenant, {SOURCE: head}, [MODEL.name], patience)
        return await self._found(tenant, facts)

    async def _found(self, tenant: str, facts: Sequence[EvidenceRef]) -> set[EvidenceRef]:
        known = await sizes(self._resources.look_ups, tenant, {ref.batch for ref in facts if ref.batch is not None})
        return {ref for ref in facts if _has_row(ref, known)}


def _has_row(ref: EvidenceRef, known: Mapping[UUID, int]) -> bool:
    return ref.batch is not None and ref.row is not None and ref.row < known.get(ref.batch, 0)
