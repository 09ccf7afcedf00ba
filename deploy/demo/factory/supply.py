"""Raw-material lots: two are always open, drawn from at random, so that a lot is not merely a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.factory.catalogue import Material, Supplier
from deploy.demo.factory.plan import Dice


@dataclass(frozen=True, slots=True)
class RawLot:
    """A receipt. `poor`: the planted one, which passes incoming inspection close to its limit."""

    lot: str
    number: int
    material: Material
    supplier: Supplier
    received: datetime
    poor: bool


class Supply:
    """One material's store. `take` gives the lot used next, and the receipts that this opened."""

    def __init__(self, material: Material, poor: int | None = None) -> None:
        self._material = material
        self._poor = poor
        self._count = 0
        self._open: list[RawLot] = []
        self._left: list[int] = []

    def take(self, at: datetime, dice: Dice) -> tuple[RawLot, list[RawLot]]:
        opened = []
        while len(self._open) < len(self._material.suppliers):
            opened.append(self._receive(at, dice))
        index = dice.below(len(self._open))
        used = self._open[index]
        self._left[index] -= 1
        if self._left[index] == 0:
            del self._open[index], self._left[index]
        return used, opened

    def _receive(self, at: datetime, dice: Dice) -> RawLot:
        self._count += 1
        supplier = dice.pick(self._material.suppliers)
        received = at - timedelta(days=2 + dice.below(7), minutes=dice.below(480))
        name = f"{self._material.code}-{self._count:05d}"
        made = RawLot(name, self._count, self._material, supplier, received, self._count == self._poor)
        self._open.append(made)
        self._left.append(self._material.uses)
        return made
