"""What could be a recurrence, told by read models folded over logs in memory."""

from __future__ import annotations

from services.capa.readmodels import bad_items, capa_list
from services.capa.readmodels.recurrences import complained
from shared.kernel.readmodel import project


class FoldedItems:
    """`logs` are functions that give each log's records so far."""

    def __init__(self, *logs):
        self._logs = logs

    async def _rows(self, model):
        recorded = [one for log in self._logs for one in await log()]
        return project(model, [one for one in recorded if one.meta.type.partition(".")[0] in model.sources])

    async def capas(self, _tenant, complaint_id, item_no):
        row = (await self._rows(bad_items.MODEL)).get((complaint_id, item_no))
        if row is None or row["production_date"] is None:
            return []
        capas = await self._rows(capa_list.MODEL)
        return [key[0] for key, capa in capas.items() if row["verified_product"] in capa["products"]]

    async def item(self, _tenant, complaint_id, item_no):
        return complained((await self._rows(bad_items.MODEL))[complaint_id, item_no])

    async def items(self, _tenant, capa_id):
        capa = (await self._rows(capa_list.MODEL))[capa_id,]
        rows = (await self._rows(bad_items.MODEL)).values()
        return [complained(row) for row in rows if row["outcome"] and row["verified_product"] in capa["products"]]
