"""Units, their attributes and which of them are bad, from captured facts: what a localisation is asked of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from services.investigation.application.ports import Facts
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.localisation import Population
from services.investigation.domain.localisation.coding import population_of
from services.investigation.domain.localisation.errors import CharacteristicUnknown, LotsUnknown, ProductsUnknown

MAX_NAMED = 20
"""How many unknown lots a refusal lists."""

MAX_LEVELS = 10
"""How far up the genealogy input lots are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadWhen:
    """What makes a lot bad: a failed characteristic (None: any), a measured value from a limit on, or being named.

    `confirmed`: the lots are those of a case's confirmed items; `without_lot` of these items name none.
    """

    characteristic: str | None = None
    value_from: Decimal | None = None
    lots: frozenset[str] = frozenset()
    confirmed: bool = False
    without_lot: int = 0

    @property
    def text(self) -> str:
        """In both languages: it is recorded, and read in either."""
        count = len(self.lots)
        if self.lots and self.confirmed:
            return f"已确认投诉项的 {count} 个批次 / {count} lots of confirmed items"
        if self.lots:
            return f"指定的 {count} 个批次 / {count} named lots"
        if self.value_from is not None:
            return f"{self.characteristic} ≥ {self.value_from}"
        if self.characteristic is not None:
            return f"{self.characteristic} 不合格 / {self.characteristic} failed"
        return "成品检验不合格 / final inspection failed"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The population, up to which log position facts were seen, and how many bad lots no production order knows."""

    population: Population
    facts_position: int


class Populations:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    async def gather(
        self, tenant: str, products: Sequence[str], bad: BadWhen, *, with_period: bool, until: int | None = None
    ) -> Gathered:
        """Every finished lot of these products (none named: of all), in production order.

        Raises ProductsUnknown, LotsUnknown, CharacteristicUnknown: what was named and isn't there answers nothing.
        """
        position = await self._facts.position(tenant) if until is None else until
        where = {"product": list(products)} if products else {}
        orders = await self._facts.current(tenant, ["production_order"], position, **where)
        lots = [str(order.record["lot"]) for order in orders]
        _require_known(products, bad, orders)
        values = await self._attributes(tenant, lots, position)
        if with_period:
            values["period"] = {str(o.record["lot"]): _month(o.moment("made_at")) for o in orders}
        bad_lots = await self._bad(tenant, lots, bad, position)
        population = population_of(_lots_in_order(orders), values, bad_lots)
        return Gathered(replace(population, unplaced=population.unplaced + bad.without_lot), position)

    async def _attributes(self, tenant: str, lots: Sequence[str], until: int) -> dict[str, dict[str, str]]:
        """Attribute → lot → level: input lots by material, their suppliers, equipment and shift of the operations."""
        inputs = await self._inputs(tenant, lots, until)
        found: dict[str, dict[str, str]] = defaultdict(dict)
        suppliers = await self._suppliers(tenant, {one for by_lot in inputs.values() for one in by_lot.values()}, until)
        for material, by_lot in inputs.items():
            found[f"lot:{material}"] = by_lot
            supplied = {lot: suppliers[one] for lot, one in by_lot.items() if one in suppliers}
            if supplied:
                found[f"supplier:{material}"] = supplied
        for operation in await self._facts.current(tenant, ["operation"], until, lot=lots):
            lot, name = str(operation.record["lot"]), operation.text("operation")
            for field in ("equipment", "shift"):
                value = operation.text(field)
                if value is not None:
                    found[f"{field}:{name}"][lot] = value
        return dict(found)

    async def _inputs(self, tenant: str, lots: Sequence[str], until: int) -> dict[str, dict[str, str]]:
        """Material → finished lot → the input lot that gave most of it, over all levels of the genealogy."""
        parents: dict[str, list[tuple[str, str, Decimal]]] = defaultdict(list)
        frontier, seen = set(lots), set(lots)
        for _ in range(MAX_LEVELS):
            if not frontier:
                break
            edges = await self._facts.current(tenant, ["genealogy"], until, lot=sorted(frontier))
            for edge in edges:
                material = edge.text("input_material") or "material"
                quantity = edge.number("quantity") or Decimal(0)
                parents[str(edge.record["output_lot"])].append((material, str(edge.record["input_lot"]), quantity))
            frontier = {str(edge.record["input_lot"]) for edge in edges} - seen
            seen |= frontier
        return _by_material(lots, parents)

    async def _suppliers(self, tenant: str, lots: Collection[str], until: int) -> Mapping[str, str]:
        receipts = await self._facts.current(tenant, ["supplier_receipt"], until, lot=sorted(lots))
        return {str(one.record["lot"]): str(one.record["supplier"]) for one in receipts}

    async def _bad(self, tenant: str, lots: Sequence[str], bad: BadWhen, until: int) -> frozenset[str]:
        if bad.lots:
            return bad.lots
        inspections = await self._facts.current(tenant, ["final_inspection"], until, lot=lots)
        known = {str(one.record["characteristic"]) for one in inspections}
        if bad.characteristic is not None and bad.characteristic not in known:
            raise CharacteristicUnknown(characteristic=bad.characteristic, known=tuple(sorted(known)))
        return frozenset(str(one.record["lot"]) for one in inspections if _is_bad(one, bad))


def _require_known(products: Sequence[str], bad: BadWhen, orders: Sequence[FactRecord]) -> None:
    """The lots of a case's items may be unknown here, and are counted so: the customer named them."""
    made = {str(order.record["product"]) for order in orders}
    if missing := sorted(set(products) - made):
        raise ProductsUnknown(products=tuple(missing))
    unknown = sorted(bad.lots - {str(order.record["lot"]) for order in orders})
    if unknown and not bad.confirmed:
        raise LotsUnknown(count=len(unknown), lots=tuple(unknown[:MAX_NAMED]))


def _is_bad(inspection: FactRecord, bad: BadWhen) -> bool:
    if bad.characteristic is not None and inspection.record["characteristic"] != bad.characteristic:
        return False
    if bad.value_from is not None:
        value = inspection.number("value")
        return value is not None and value >= bad.value_from
    return inspection.record["result"] == "fail"


def _by_material(
    lots: Sequence[str], parents: Mapping[str, Sequence[tuple[str, str, Decimal]]]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for lot in lots:
        best: dict[str, tuple[Decimal, str]] = {}
        pending, seen = [lot], {lot}
        while pending:
            for material, input_lot, quantity in parents.get(pending.pop(), ()):
                if input_lot in seen:
                    continue
                seen.add(input_lot)
                pending.append(input_lot)
                best[material] = max(best.get(material, (Decimal(-1), "")), (quantity, input_lot))
        for material, (_, input_lot) in best.items():
            found[material][lot] = input_lot
    return dict(sorted(found.items()))


def _lots_in_order(orders: Sequence[FactRecord]) -> dict[str, list[str]]:
    """Product → lots as they were made."""
    by_product: dict[str, list[FactRecord]] = defaultdict(list)
    for order in orders:
        by_product[str(order.record["product"])].append(order)
    return {
        product: [str(order.record["lot"]) for order in sorted(made, key=_in_order)]
        for product, made in sorted(by_product.items())
    }


def _in_order(order: FactRecord) -> tuple[int, datetime, str]:
    sequence = order.record.get("sequence")
    made_at = order.moment("made_at") or datetime.min.replace(tzinfo=UTC)
    return (sequence if isinstance(sequence, int) else 0, made_at, str(order.record["lot"]))


def _month(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m") if moment else "?"
