"""What the supplier system exports: receipts and their incoming inspection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from deploy.demo.factory.plan import Dice
from deploy.demo.factory.rows import SRM, Row, slashed
from deploy.demo.factory.supply import RawLot

_INSPECTORS = ("QC-01", "QC-02", "QC-03")


def received(lot: RawLot, dice: Dice) -> Iterator[Row]:
    material, supplier = lot.material, lot.supplier
    amount = str(material.per_lot * material.uses)
    theirs = f"{supplier.code[-3:]}-{lot.received.year}{lot.received.month:02d}-{dice.below(9000) + 1000}"
    what = (material.code, material.zh, supplier.code, supplier.zh, theirs, amount, material.unit)
    yield Row("supplier_receipt", (SRM, f"GR-{lot.lot}", lot.lot, *what, slashed(lot.received)))
    test, unit, low, high = material.test
    share = 0.96 if lot.poor else dice.bell(0.5, 0.1)  # of the tolerance: the poor lot just passes
    at = lot.received + timedelta(hours=3, minutes=dice.below(180))
    found = (test, f"{low + share * (high - low):.2f}", unit, str(low), str(high), "合格")
    by = dice.pick(_INSPECTORS)
    yield Row("incoming_inspection", (SRM, f"IQC-{lot.lot}", lot.lot, material.code, *found, by, slashed(at)))
