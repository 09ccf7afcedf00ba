"""Pure steps from one schema version to the next. Old events are never rewritten; they are read through these.

A step gets the plain JSON of version n and returns that of n+1. It never touches a personal value (those are sealed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def _acknowledged_v1(data: Json) -> Json:
    """Version 1 was only ever written when a person acknowledged."""
    return data | {"automatic": False}


UPCASTERS: Mapping[tuple[str, int], Callable[[Json], Json]] = {
    ("intake.ComplaintAcknowledged", 1): _acknowledged_v1,
}


def upcast(name: str, have: int, want: int, data: Json) -> Json:
    """`data` of schema version `have` as it reads in version `want`."""
    for version in range(have, want):
        data = UPCASTERS[name, version](data)
    return data
