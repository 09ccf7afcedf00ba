"""What the warehouse system exports: movements, stock counts and shipments to dealers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from deploy.demo.factory.catalogue import CARRIERS, DEALERS, Dealer
from deploy.demo.factory.lots import FinishedLot
from deploy.demo.factory.plan import Dice
from deploy.demo.factory.rows import WMS, Row, minute
from deploy.demo.factory.supply import RawLot

_STORE, _DOCK = "FG-WH", "DOCK"


def stored(lot: RawLot) -> Iterator[Row]:
    """The receipt goes from the gate to the raw-material store, and is counted there."""
    material, at = lot.material, lot.received + timedelta(hours=8)
    amount = (str(material.per_lot * material.uses), material.unit)
    node = "raw_material_storage"
    yield Row("movement", (WMS, f"MV-R-{lot.lot}", lot.lot, "receipt", "GATE", "RM-WH", *amount, node, minute(at)))
    yield Row("stock", (WMS, lot.lot, "RM-WH", material.code, *amount, "RELEASED", node, minute(at)))


def finished(lot: FinishedLot, dice: Dice) -> Iterator[Row]:
    yield from _issued(lot)
    in_store = lot.work[-1].start + timedelta(hours=2)
    amount = (str(lot.pieces), "pcs")
    node = "finished_goods_storage"
    yield Row(
        "movement", (WMS, f"MV-F-{lot.number:07d}", lot.lot, "receipt", "LINE", _STORE, *amount, node, minute(in_store))
    )
    left, leaves = lot.pieces, in_store
    buyers = 1 + dice.below(3)
    for turn in range(buyers):
        pieces = left - 20 if turn == buyers - 1 else 60 + 10 * dice.below(4)
        left -= pieces
        leaves = leaves + timedelta(days=1 + dice.below(4), minutes=dice.below(300))
        yield from _shipped(lot, turn + 1, dice.pick(DEALERS), pieces, leaves, dice)
    counted = minute(leaves + timedelta(hours=6))
    yield Row("stock", (WMS, lot.lot, _STORE, lot.product.code, str(left), "pcs", "RELEASED", node, counted))


def _issued(lot: FinishedLot) -> Iterator[Row]:
    at = minute(lot.work[0].start - timedelta(hours=1))
    amount = (str(lot.pieces), "pcs")
    for part in lot.parts:
        number = f"MV-I-{lot.number:07d}-{part.material.code}"
        yield Row("movement", (WMS, number, part.lot, "issue", "RM-WH", "LINE", *amount, "material_issue", at))


def _shipped(lot: FinishedLot, turn: int, dealer: Dealer, pieces: int, leaves: datetime, dice: Dice) -> Iterator[Row]:
    number, amount = f"{lot.number:07d}-{turn}", (str(pieces), "pcs")
    arrives = leaves + timedelta(days=1 + dice.below(4), hours=dice.below(8))
    left, arrived = minute(leaves), minute(arrives)
    carrier = dice.pick(CARRIERS)
    for letter, kind, way, node, at in (
        ("O", "outbound", (_STORE, _DOCK), "outbound", left),
        ("T", "transfer", (_DOCK, carrier), "transport", minute(leaves + timedelta(hours=2))),
        ("D", "delivery", (carrier, dealer.code), "customer_delivery", arrived),
    ):
        yield Row("movement", (WMS, f"MV-{letter}-{number}", lot.lot, kind, *way, *amount, node, at))
    to = (dealer.code, dealer.zh, dealer.region, carrier)
    yield Row("shipment", (WMS, f"SH-{number}", lot.lot, lot.product.code, *to, *amount, left, arrived))
