"""What a demo is told about: exports to load, two complaints of two customers on one cause, the truth if known."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from deploy.demo import factory, pharma
from deploy.demo.exports import Export, mapping_document
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.fields import Record
from services.investigation.domain.facts.rows import interpret

LEAK_FROM = Decimal(20)
"""Pa/min from which the team, reading the inspection records again, calls a lot bad; the released limit is 30."""

READ_AT = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """One customer with one lot. Everything about the person is invented."""

    lot: str
    product: str
    account: str
    region: str | None
    made_on: date
    name: str
    phone: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`bad_lots` are what the measured values show, `planted` what the generator knows (empty for real data).

    `cut_in` is the first day on which units are made without the cause, `window` how long they are then watched.
    """

    zh: str
    en: str
    exports: tuple[Export, ...]
    claimants: tuple[Claimant, Claimant]
    bad_lots: tuple[str, ...]
    bad_when: str
    defect: str
    node: str
    supplier: str
    planted: tuple[Mapping[str, Any], ...]
    cut_in: date
    window: timedelta


def synthetic(folder: Path, seed: int) -> World:
    """The synthetic factory with its planted bad material lot."""
    plan = factory.Plan(seed=seed)
    exports = factory.write(plan, folder)
    truth = factory.truth(plan)
    bad = _bad_lots(exports, lambda r: r["characteristic"] == "leak_rate" and _at_least(r["value"], LEAK_FROM))
    exposed = {lot for one in truth.planted for lot in one.exposed}
    planted = {one.value for one in truth.planted}
    receipts = _records(exports, "supplier_receipt")
    return World(
        zh="合成工厂（虚构数据）",
        en="the synthetic factory (invented data)",
        exports=exports,
        claimants=_claimants(exports, {lot for one in truth.planted for lot in one.bad} & bad),
        bad_lots=tuple(sorted(bad)),
        bad_when=f"leak_rate ≥ {LEAK_FROM} Pa/min",
        defect="LEAK",
        node="incoming_inspection",
        supplier=next(str(r["supplier"]) for r in receipts if r["lot"] in planted),
        planted=tuple(_planted(one) for one in truth.planted),
        cut_in=_day_after(exports, exposed),
        window=timedelta(days=60),
    )


def real(data: Path, folder: Path, seed: int) -> World:
    """The 1,005 tablet batches of Žagar & Mihelič (Scientific Data 9:99, 2022, CC BY 4.0); shipments are synthetic."""
    exports = pharma.write(data, folder, seed=seed)
    bad = set(pharma.bad_lots(data))
    claimants = _claimants(exports, bad)
    return World(
        zh="1,005 个真实批次（Žagar 与 Mihelič 2022，CC BY 4.0；发货为合成）",
        en="1,005 real batches (Žagar & Mihelič 2022, CC BY 4.0; shipments are synthetic)",
        exports=exports,
        claimants=claimants,
        bad_lots=tuple(sorted(bad)),
        bad_when=f"impurities_total ≥ {pharma.BAD_FROM} %",
        defect="IMPURITY",
        node="incoming_inspection",
        supplier="API-MAKER",
        planted=(),
        cut_in=_day_after(exports, {one.lot for one in claimants}),
        window=timedelta(days=730),
    )


def _planted(one: factory.Planted) -> dict[str, str]:
    """In the words of a localisation: an input lot stands under its material."""
    attribute = f"lot:{one.value.partition('-')[0]}" if one.attribute == "input_lot" else one.attribute
    return {"attribute": attribute, "value": one.value, "node": one.node}


def _bad_lots(exports: tuple[Export, ...], is_bad: Callable[[Record], bool]) -> set[str]:
    return {str(r["lot"]) for r in _records(exports, "final_inspection") if is_bad(r)}


def _claimants(exports: tuple[Export, ...], lots: set[str]) -> tuple[Claimant, Claimant]:
    """Two bad lots of one product, shipped to two customers."""
    made = {str(r["lot"]): r["made_at"] for r in _records(exports, "production_order")}
    shipped = [r for r in _records(exports, "shipment") if r["lot"] in lots and r["product"]]
    first = shipped[0]
    second = next(
        r
        for r in shipped
        if r["lot"] != first["lot"] and r["customer"] != first["customer"] and r["product"] == first["product"]
    )
    people = (
        ("张晓明", "13800000001", "客户反映：产品不合格，请尽快处理。"),
        ("李小红", "13900000002", "Same problem here: the delivery does not meet the specification."),
    )
    one, two = (
        Claimant(
            lot=str(r["lot"]),
            product=str(r["product"]),
            account=str(r["customer"]),
            region=None if r["region"] is None else str(r["region"]),
            made_on=_date(made[str(r["lot"])]),
            name=name,
            phone=phone,
            words=words,
        )
        for r, (name, phone, words) in zip((first, second), people, strict=True)
    )
    return one, two


def _day_after(exports: tuple[Export, ...], lots: set[str]) -> date:
    """The day after the last of these lots was made."""
    return max(_date(r["made_at"]) for r in _records(exports, "production_order") if r["lot"] in lots) + timedelta(1)


def _records(exports: tuple[Export, ...], kind: str) -> list[Record]:
    return [record for export in exports if export.kind == kind for record in _read(export)]


def _read(export: Export) -> Iterator[Record]:
    """The canonical records of an export, by its own mapping: the way the product reads it."""
    mapping = parse(mapping_document(export.mapping))
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    with export.path.open(encoding=encoding, newline="") as file:
        for row in csv.DictReader(file, delimiter=mapping.delimiter):
            yield from interpret(mapping, row, READ_AT).records


def _at_least(value: object, limit: Decimal) -> bool:
    return isinstance(value, Decimal) and value >= limit


def _date(moment: object) -> date:
    if not isinstance(moment, datetime):
        raise TypeError(f"{moment!r} is no time of production")
    return moment.date()
