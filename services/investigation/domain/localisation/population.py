"""What a localisation is asked about: units in production order, or the totals kept of them.

A unit is a lot or an item. Levels of all attributes share one numbering (attribute 0's levels first), so that a level
is one integer everywhere in this folder; `MISSING` is a unit that has no lot, machine or supplier on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from shared.kernel.errors import Invalid

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
AttributeKind = Literal["lot", "supplier", "equipment", "period", "campaign", "other"]

MISSING = -1


@dataclass(eq=False, kw_only=True)
class PopulationInconsistent(Invalid):
    """The arrays of a population or of its totals contradict one another; `what` says how."""

    zh = "定位所用的数据自相矛盾：{what}"
    en = "The data for the localisation contradict themselves: {what}"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One column of the records, as `api_lot`; code i of a unit means `levels[i]`."""

    name: str
    levels: tuple[str, ...]
    kind: AttributeKind = "lot"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProductRun:
    """One product, units in production order: `codes` (attributes × units), `bad` (units,) the confirmed bad ones."""

    product: str
    codes: IntArray
    bad: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Every unit at risk. `unplaced`: confirmed bad items that name no lot, so that no unit here stands for them."""

    attributes: tuple[Attribute, ...]
    runs: tuple[ProductRun, ...]
    unplaced: int = 0

    def __post_init__(self) -> None:
        for run in self.runs:
            if run.codes.shape != (len(self.attributes), len(run.bad)):
                raise PopulationInconsistent(what=f"{run.product}: {run.codes.shape} codes, {len(run.bad)} units")
            for attribute, codes in zip(self.attributes, run.codes, strict=True):
                if len(codes) and not MISSING <= int(codes.min()) <= int(codes.max()) < len(attribute.levels):
                    raise PopulationInconsistent(what=f"{run.product}: {attribute.name} has a code without a level")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Units at risk per level and product, only where there are any, sorted by (level, product)."""

    level: IntArray
    product: IntArray
    units: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BadUnits:
    """The bad units alone: (n,) product, (n,) position from 0 in that product's order, (n × attributes) codes."""

    product: IntArray
    position: IntArray
    codes: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orders:
    """Production orders of some attributes: `codes[attribute]` holds one (units,) code array per product."""

    codes: Mapping[int, Sequence[IntArray]] = field(default_factory=dict)

    def of(self, attribute: int, product: int) -> IntArray | None:
        found = self.codes.get(attribute)
        return None if found is None else found[product]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptTotals:
    """What a read model keeps so that a query touches no good unit: totals per product × attribute × level."""

    attributes: tuple[Attribute, ...]
    products: tuple[str, ...]
    units: IntArray
    cells: Cells
    bad: BadUnits
    unplaced: int = 0

    def __post_init__(self) -> None:
        if len(self.units) != len(self.products):
            raise PopulationInconsistent(what=f"{len(self.units)} totals for {len(self.products)} products")
        if self.bad.codes.shape != (len(self.bad.product), len(self.attributes)):
            raise PopulationInconsistent(what=f"{self.bad.codes.shape} codes for {len(self.bad.product)} bad units")
        if np.any(self.bad.position >= self.units[self.bad.product]):
            raise PopulationInconsistent(what="a bad unit stands beyond its product's last unit")

    @property
    def first_level(self) -> IntArray:
        """(attributes + 1,) number of each attribute's first level, and of all levels at the end."""
        return np.cumsum([0, *(len(a.levels) for a in self.attributes)], dtype=np.int64)


def totals_of(population: Population) -> KeptTotals:
    """The totals a read model would have kept of this population: the one way into the computation."""
    first = np.cumsum([0, *(len(a.levels) for a in population.attributes)], dtype=np.int64)
    levels, products, units = [], [], []
    for k, run in enumerate(population.runs):
        for a, attribute in enumerate(population.attributes):
            count = np.bincount(run.codes[a] + 1, minlength=len(attribute.levels) + 1)[1:]
            present = np.flatnonzero(count)
            levels.append(present + first[a])
            products.append(np.full(len(present), k, dtype=np.int64))
            units.append(count[present])
    level, product, count = (np.concatenate([np.empty(0, np.int64), *part]) for part in (levels, products, units))
    order = np.lexsort((product, level))
    where = [np.flatnonzero(run.bad) for run in population.runs]
    return KeptTotals(
        attributes=population.attributes,
        products=tuple(run.product for run in population.runs),
        units=np.array([len(run.bad) for run in population.runs], dtype=np.int64),
        cells=Cells(level=level[order], product=product[order], units=count[order]),
        bad=BadUnits(
            product=np.repeat(np.arange(len(where)), [len(w) for w in where]),
            position=np.concatenate([np.empty(0, np.int64), *where]),
            codes=np.concatenate(
                [
                    np.empty((0, len(population.attributes)), np.int64),
                    *(run.codes[:, at].T for run, at in zip(population.runs, where, strict=True)),
                ],
            ),
        ),
        unplaced=population.unplaced,
    )


def orders_of(population: Population) -> Orders:
    """Views, no copies: the orders of every attribute."""
    return Orders(
        codes={a: tuple(run.codes[a] for run in population.runs) for a in range(len(population.attributes))},
    )
