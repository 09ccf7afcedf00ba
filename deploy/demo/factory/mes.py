"""What the production system exports: orders, operations, parameters, inspections, qualifications and genealogy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from deploy.demo.factory.catalogue import AGENT, ASSEMBLY, CREW, OPERATIONS, SILICONE
from deploy.demo.factory.lots import CompoundLot, FinishedLot, Mischief, SealLot, Work, operator
from deploy.demo.factory.plan import FIRST_DAY, Dice, Plan, start_of
from deploy.demo.factory.rows import MES, Row, second

_INSPECTORS = ("QC-11", "QC-12", "QC-13", "QC-14")
_YEAR_AHEAD = timedelta(days=500)


def qualifications(plan: Plan) -> Iterator[Row]:
    """Everybody's certificates; the lapsed person's ended the day before the window (planted)."""
    lapsed = Mischief.of(plan).lapsed
    for line in range(1, plan.lines + 1):
        for operation in OPERATIONS:
            for member in range(1, CREW + 1):
                who = operator(line, operation, member)
                since, until = FIRST_DAY - timedelta(days=90 + 7 * member), FIRST_DAY + _YEAR_AHEAD
                if lapsed and line == 1 and operation is ASSEMBLY and member == CREW:
                    until = start_of(lapsed.start) - timedelta(days=1)
                certificate = f"CERT-{who}"
                dates = (since.date().isoformat(), until.date().isoformat())
                yield Row("qualification", (MES, who, operation.code, operation.node, certificate, *dates))


def compounded(lot: CompoundLot, dice: Dice) -> Iterator[Row]:
    yield _operation(lot.lot, "", lot.work, 150)
    yield _reading(lot.lot, lot.work, "mixing_torque", dice.bell(62, 2), "Nm", 50, 75)
    for raw, material in zip(lot.inputs, (SILICONE, AGENT), strict=True):
        amount = str(material.per_lot)
        yield _consumed(raw.lot, lot.lot, material.code, "MX", "", (amount, material.unit), lot.work.start)


def cured(lot: SealLot, dice: Dice) -> Iterator[Row]:
    work = lot.work
    yield _operation(lot.lot, "", work, 120)
    temperature = dice.bell(161.5, 1.0) if lot.drifting else dice.bell(170, 1.2)
    yield _reading(lot.lot, work, "curing_temperature", temperature, "Cel", 165, 175)
    yield _reading(lot.lot, work, "curing_time", dice.bell(420, 6), "s", 390, 450)
    yield _consumed(lot.compound.lot, lot.lot, "MX", "SR", "", ("30", "kg"), work.start)
    yield _tested(
        "in_process_inspection", lot.lot, "SR", "hardness", (dice.bell(52, 1), "ShoreA", 47, 57), work.start, dice
    )


def finished(lot: FinishedLot, dice: Dice) -> Iterator[Row]:
    order, product, assembly = f"MO-{lot.number:07d}", lot.product, lot.work[0]
    last = lot.work[-1].start + timedelta(minutes=45)
    what = (product.code, product.zh, product.model, str(lot.pieces), str(lot.number), f"L{lot.line:03d}")
    yield Row("production_order", (MES, order, lot.lot, *what, second(assembly.start), second(last)))
    for work in lot.work:
        yield _operation(lot.lot, order, work, 60)
    yield _reading(lot.lot, assembly, "screw_torque", dice.bell(1.8, 0.08), "Nm", 1, 3)
    for seal, pieces in lot.seals:
        yield _consumed(seal.lot, lot.lot, "SR", product.code, order, (str(pieces), "pcs"), assembly.start)
    for part in lot.parts:
        amount = (str(lot.pieces), "pcs")
        yield _consumed(part.lot, lot.lot, part.material.code, product.code, order, amount, assembly.start)
    # The leak limit is too wide: a lot that will leak in the field passes it. That is the escape leg of every case.
    leak = dice.bell(24, 1.5) if lot.bad else dice.bell(10, 2)
    for item, value in (
        ("leak_rate", (leak, "Pa/min", 0, 30)),
        ("insulation_resistance", (dice.bell(180, 12), "MOhm", 100, 999)),
    ):
        yield _tested("final_inspection", lot.lot, product.code, item, value, last, dice)


def _operation(lot: str, order: str, work: Work, minutes: int) -> Row:
    op, end = work.operation, work.start + timedelta(minutes=minutes)
    done = (op.node, op.code, str(op.step), work.equipment, work.operator, work.shift)
    return Row("operation", (MES, lot, order, *done, second(work.start), second(end)))


def _reading(lot: str, work: Work, name: str, value: float, unit: str, low: int, high: int) -> Row:
    at = second(work.start + timedelta(minutes=30))
    shown = f"{value:.2f}"
    return Row("equipment_parameter", (MES, work.equipment, name, shown, unit, str(low), str(high), lot, at))


def _consumed(
    parent: str, child: str, parent_item: str, child_item: str, order: str, amount: tuple[str, str], at: datetime
) -> Row:
    node = "assembly_packing" if order else "production"
    return Row("genealogy", (MES, parent, child, parent_item, child_item, order, *amount, node, second(at)))


def _tested(
    kind: str, lot: str, item: str, test: str, value: tuple[float, str, int, int], at: datetime, dice: Dice
) -> Row:
    measured, unit, low, high = value
    shown = (f"{measured:.2f}", unit, str(low), str(high), "5", "0", "OK", dice.pick(_INSPECTORS), second(at))
    return Row(kind, (MES, f"{kind[:3].upper()}-{lot}", lot, item, test, *shown))
