"""What was harmed, counted by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["lost", "double", "gaps", "view_mismatches"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each kind, all zero where nothing was harmed."""
    kinds: Sequence[Kind] = [one.kind for one in findings]
    return {kind: kinds.count(kind) for kind in KINDS}
