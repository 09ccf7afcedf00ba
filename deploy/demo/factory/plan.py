"""What a run of the factory is asked for, and its dice. Everything else follows from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Literal, TypeVar

Cause = Literal["bad_material_lot", "parameter_drift", "unqualified_operator"]
CAUSES: tuple[Cause, ...] = ("bad_material_lot", "parameter_drift", "unqualified_operator")

FIRST_DAY = datetime(2024, 3, 4, 8, 0)  # noqa: DTZ001 - local wall time, as an export has it; the mapping names the zone
SHIFTS = ("day", "night")
_SHORTEST, _LONGEST = 75, 360  # days

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """`lots` finished lots. `rate`: how likely an exposed lot is bad; `noise`: any other. Same plan, same bytes."""

    seed: int = 1
    lots: int = 300
    causes: tuple[Cause, ...] = ("bad_material_lot",)
    rate: float = 0.6
    noise: float = 0.015

    @property
    def lines(self) -> int:
        """Production lines, each making one lot a shift, so that the run takes 75 to 360 days."""
        days = min(_LONGEST, max(_SHORTEST, self.lots // 20))
        return max(1, -(-self.lots // (days * len(SHIFTS))))

    @property
    def days(self) -> int:
        return -(-self.lots // (self.lines * len(SHIFTS)))


SMALL = Plan()
"""300 lots over 75 days on two lines: for tests and the demo."""


def start_of(slot: int) -> datetime:
    """The local start of the n-th shift."""
    return FIRST_DAY + timedelta(hours=12 * slot)


class Dice:
    """Reproducible draws: only `Random.random`, whose sequence Python promises to keep, and exact arithmetic on it."""

    __slots__ = ("_next",)

    def __init__(self, seed: int, purpose: str) -> None:
        digest = sha256(f"{seed}/{purpose}".encode()).digest()
        self._next = Random(int.from_bytes(digest, "big")).random  # noqa: S311 - invented data, no secret

    def below(self, n: int) -> int:
        return int(self._next() * n)

    def chance(self, probability: float) -> bool:
        return self._next() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._next() * len(items))]

    def bell(self, mean: float, spread: float) -> float:
        """Roughly normal (sum of four uniforms, standard deviation `spread`), never further than 3.5 of it."""
        draw = self._next
        return mean + spread * 1.7320508 * (draw() + draw() + draw() + draw() - 2.0)
