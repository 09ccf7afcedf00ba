"""Which complained items could be a recurrence of what which CAPA answers? By product; the CAPA decides the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.capa.domain.capa.commands import Complained
from services.capa.readmodels import bad_items, capa_list
from shared.adapters.runtime import Resources, Views

_PAIRS = """
from read.bad_items b join read.capa_list c
  on c.tenant = b.tenant and coalesce(b.verified_product, b.claimed_product) = any (c.products)
where b.tenant = $1 and b.outcome is not null and b.complaint_no is not null
  and coalesce(b.recorded_date, b.production_date) is not null
"""
_CAPAS = f"select c.capa_id {_PAIRS} and b.complaint_id = $2 and b.item_no = $3 order by c.capa_id"
_ITEMS = f"select b.* {_PAIRS} and c.capa_id = $2"
_ITEM = "select * from read.bad_items where tenant = $1 and complaint_id = $2 and item_no = $3"


class KnownItems:
    """What the logs tell of complained items and of CAPAs' products (the port Recurrences)."""

    def __init__(self, resources: Resources, views: Views) -> None:
        self._resources = resources
        self._views = views

    async def capas(self, tenant: str, complaint_id: UUID, item_no: int) -> Sequence[UUID]:
        await self._all_told(tenant)
        rows = await self._resources.look_ups.fetch(_CAPAS, tenant, complaint_id, item_no)
        return [row["capa_id"] for row in rows]

    async def item(self, tenant: str, complaint_id: UUID, item_no: int) -> Complained | None:
        row = await self._resources.look_ups.fetchrow(_ITEM, tenant, complaint_id, item_no)
        return None if row is None else complained(row)

    async def items(self, tenant: str, capa_id: UUID) -> Sequence[Complained]:
        await self._all_told(tenant)
        return [complained(row) for row in await self._resources.look_ups.fetch(_ITEMS, tenant, capa_id)]

    async def _all_told(self, tenant: str) -> None:
        """A registration stands in another log than its verification: wait for both, and for the own log's CAPAs."""
        await self._views.all_told(tenant, (bad_items.MODEL, capa_list.MODEL), self._resources.settings.wait_seconds)


def complained(row: Mapping[str, Any]) -> Complained:
    """From a row of bad_items whose registration is known."""
    return Complained(
        complaint_id=row["complaint_id"],
        complaint_no=row["complaint_no"],
        item_no=row["item_no"],
        item=bad_items.bad_item(row),
    )
