"""A population from plain names: lots in the order they were made, and each attribute's level by lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from services.investigation.domain.localisation.population import (
    MISSING,
    Attribute,
    AttributeKind,
    Population,
    ProductRun,
)

_KINDS: Mapping[str, AttributeKind] = {
    "lot": "lot",
    "supplier": "supplier",
    "equipment": "equipment",
    "period": "period",
}


def population_of(
    lots: Mapping[str, Sequence[str]], values: Mapping[str, Mapping[str, str]], bad: frozenset[str]
) -> Population:
    """`lots`: product → its lots in production order; `values`: attribute (`lot:SIL`, `period`) → lot → level.

    Bad lots that no product has are counted as unplaced.
    """
    attributes = tuple(
        Attribute(name=name, levels=tuple(sorted(set(by_lot.values()))), kind=_kind(name))
        for name, by_lot in sorted(values.items())
        if by_lot
    )
    runs = tuple(_run(product, made, attributes, values, bad) for product, made in lots.items())
    known = {lot for made in lots.values() for lot in made}
    return Population(attributes=attributes, runs=runs, unplaced=len(bad - known))


def _run(
    product: str,
    lots: Sequence[str],
    attributes: Sequence[Attribute],
    values: Mapping[str, Mapping[str, str]],
    bad: frozenset[str],
) -> ProductRun:
    codes = np.full((len(attributes), len(lots)), MISSING, dtype=np.int32)
    for nth, attribute in enumerate(attributes):
        number = {level: code for code, level in enumerate(attribute.levels)}
        by_lot = values[attribute.name]
        codes[nth] = [number[by_lot[lot]] if lot in by_lot else MISSING for lot in lots]
    return ProductRun(product=product, codes=codes, bad=np.array([lot in bad for lot in lots], dtype=bool))


def _kind(name: str) -> AttributeKind:
    return _KINDS.get(name.partition(":")[0], "campaign")
