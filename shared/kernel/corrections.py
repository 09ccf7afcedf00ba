"""What a correction of a complaint says about one of its items, for whoever keeps items in a view."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, get_type_hints

import msgspec

from shared.contracts.intake.complaint import ComplaintDetailsCorrected, ComplaintItem

_PATH = re.compile(r"items\[(\d+)\]\.(\w+)")
_TYPES: dict[str, Any] = {k: v for k, v in get_type_hints(ComplaintItem).items() if k != "item_no"}


@dataclass(frozen=True, slots=True)
class ItemCorrection:
    """`field` of ComplaintItem has `value` from now on, in the contract's own type."""

    item_no: int
    field: str
    value: Any


def item_correction(event: ComplaintDetailsCorrected) -> ItemCorrection | None:
    """Of `items[<item_no>].<field>`; None where the correction is about anything else."""
    found = _PATH.fullmatch(event.field)
    if found is None or found[2] not in _TYPES:
        return None
    value = None if event.new is None else msgspec.json.decode(event.new, type=_TYPES[found[2]])
    return ItemCorrection(int(found[1]), found[2], value)
