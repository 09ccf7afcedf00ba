"""Which facts a check needs: the lot's own, those of what went into it, its machines' and its people's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.investigation.application.ports import Facts
from services.investigation.domain.crosscheck.checks import LotRecords
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.flow.examine import AFTER_MAKING, examine, kinds_for, lots_at
from services.investigation.domain.genealogy.trace import (
    MAX_LEVELS,
    MAX_LOTS,
    Direction,
    Trace,
    begin,
    edge_of,
    grown,
)
from shared.contracts.investigation.investigation import Finding
from shared.contracts.investigation.reference import FlowNode

RAW_NODES = frozenset({"supplier_receipt", "incoming_inspection", "raw_material_storage"})
"""Nodes that a finished lot never passes itself: the lots that went into it do."""

OF_NO_LOT = frozenset({"equipment_parameter", "qualification"})
"""Kinds of facts that are a machine's or a person's: found by the lot's operations."""

INSPECTIONS = ("incoming_inspection", "in_process_inspection", "final_inspection")


class Gathering:
    """Reads facts as known at one log position (`until`), so that all of an answer speaks of the same moment."""

    def __init__(self, facts: Facts, tenant: str, until: int) -> None:
        self._facts = facts
        self._tenant = tenant
        self._until = until

    async def trace(
        self, lot: str, direction: Direction, max_levels: int = MAX_LEVELS, max_lots: int = MAX_LOTS
    ) -> Trace:
        trace = begin(lot, direction, max_levels=max_levels, max_lots=max_lots)
        while trace.frontier:
            found = (
                await self._current("genealogy", lot=trace.frontier)
                if direction == "backward"
                else await self._current("genealogy", input_lot=trace.frontier)
            )
            trace = grown(trace, [edge for fact in found if (edge := edge_of(fact)) is not None])
        return trace

    async def inspections(self, lots: Sequence[str]) -> Sequence[FactRecord]:
        return await self._current(*INSPECTIONS, lot=lots)

    async def raw_lots(self, lot: str) -> tuple[str, ...]:
        """The lots at the far end of the backward trace: nothing went into them."""
        trace = await self.trace(lot, "backward")
        made = {edge.output_lot for edge in trace.edges}
        return tuple(sorted(one for one in trace.levels if one not in made and one != lot))

    async def lot_records(self, lot: str | None) -> LotRecords:
        """What a cross-check of this lot needs; nothing where the claim names none."""
        if lot is None:
            return LotRecords()
        raw = await self.raw_lots(lot)
        return LotRecords(
            orders=await self.orders(lot),
            shipments=await self._current("shipment", lot=[lot]),
            raw_lots=raw,
            incoming=await self._current("incoming_inspection", lot=raw) if raw else (),
        )

    async def orders(self, lot: str | None) -> Sequence[FactRecord]:
        return [] if lot is None else await self._current("production_order", lot=[lot])

    async def findings(self, node: FlowNode, lot: str, zone: tzinfo) -> tuple[Finding, ...]:
        """What the node's records say of the lot, and of each lot that went into it and passed the node."""
        found: list[Finding] = []
        for one in await self._passing(node, lot):
            found.extend(examine(node, one, await self._node_records(node, one), zone))
        return tuple(found)

    async def _passing(self, node: FlowNode, lot: str) -> Sequence[str]:
        """The lot itself where nobody has a record there: that is the finding."""
        if node.node in AFTER_MAKING:
            return (lot,)
        if node.node in RAW_NODES:
            return await self.raw_lots(lot) or (lot,)
        trace = await self.trace(lot, "backward")
        kinds = [kind for kind in kinds_for(node) if kind not in OF_NO_LOT]
        there = lots_at(node, await self._current(*kinds, lot=sorted(trace.levels))) if kinds else frozenset()
        return sorted(there, key=lambda one: (trace.levels[one], one)) or (lot,)

    async def _node_records(self, node: FlowNode, lot: str) -> list[FactRecord]:
        kinds = kinds_for(node)
        plain = [kind for kind in kinds if kind not in OF_NO_LOT]
        records = list(await self._current(*plain, lot=[lot])) if plain else []
        operations = [r for r in records if r.kind == "operation"]
        operations = [r for r in operations if node.node in (r.text("node"), r.text("operation"))]
        if "equipment_parameter" in kinds:
            records += await self._readings(lot, operations)
        if "qualification" in kinds and (people := _distinct(operations, "operator")):
            records += await self._current("qualification", operator=people)
        return records

    async def _readings(self, lot: str, operations: Sequence[FactRecord]) -> list[FactRecord]:
        """Readings of the operations' machines: those of this lot, and those of no lot while the operation ran."""
        machines = _distinct(operations, "equipment")
        if not machines:
            return []
        readings = await self._current("equipment_parameter", equipment=machines)
        return [r for r in readings if r.text("lot") == lot or (r.text("lot") is None and _while_any(operations, r))]

    async def _current(self, *kinds: str, **where: Sequence[str]) -> Sequence[FactRecord]:
        return await self._facts.current(self._tenant, kinds, self._until, **where)


def _distinct(records: Sequence[FactRecord], field: str) -> list[str]:
    return sorted({value for record in records if (value := record.text(field)) is not None})


def _while_any(operations: Sequence[FactRecord], reading: FactRecord) -> bool:
    at = reading.moment("measured_at")
    return at is not None and any(
        operation.text("equipment") == reading.text("equipment")
        and (started := operation.moment("started_at")) is not None
        and started <= at <= (operation.moment("ended_at") or started)
        for operation in operations
    )
