"""Where a report derived anew differs from the one that was issued (rule 16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

MOST = 100
"""Differences told at most: one is enough to look, a thousand nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`path` is a JSON pointer (RFC 6901); what is not there at all is None."""

    path: str
    issued: Any
    derived: Any


def differences(issued: Any, derived: Any) -> tuple[Difference, ...]:
    """The first places where two JSON values differ, in order; none where they are the same."""
    return tuple(islice(_differences("", issued, derived), MOST))


def _differences(path: str, issued: Any, derived: Any) -> Iterator[Difference]:
    if isinstance(issued, Mapping) and isinstance(derived, Mapping):
        for name in sorted({*issued, *derived}):
            yield from _differences(f"{path}/{_escaped(name)}", issued.get(name), derived.get(name))
    elif _is_list(issued) and _is_list(derived):
        for nth, (one, other) in enumerate(zip_longest(issued, derived)):
            yield from _differences(f"{path}/{nth}", one, other)
    elif issued != derived:
        yield Difference(path=path, issued=issued, derived=derived)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
