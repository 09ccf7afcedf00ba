"""How long does it take, when some haven't finished yet? The product-limit estimator.

S(t) = ∏ over end times tᵢ ≤ t of (1 − dᵢ / nᵢ), with dᵢ ends at tᵢ among nᵢ still under way just before it. What is
still open counts as under way up to its present age (censored). A tie of an end and a censoring: the end first.

E. L. Kaplan, P. Meier: Nonparametric Estimation from Incomplete Observations. J. Am. Stat. Assoc. 53 (1958) 457-481.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Generic, TypeVar

D = TypeVar("D", int, timedelta)
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Observation(Generic[D]):
    """`duration` from start to end, or to the last moment seen; `ended` False: censored there."""

    duration: D
    ended: bool


@dataclass(frozen=True, slots=True)
class Step(Generic[D]):
    """At `duration`, `ended` of `under_way` ended; `surviving` is the share that lasts longer, exact."""

    duration: D
    under_way: int
    ended: int
    surviving: Fraction


def curve(observations: Sequence[Observation[D]]) -> list[Step[D]]:
    """One step for each distinct end time, ascending."""
    ends = Counter(one.duration for one in observations if one.ended)
    left = Counter(one.duration for one in observations)
    under_way, surviving = len(observations), Fraction(1)
    steps: list[Step[D]] = []
    for duration in sorted(left):
        if duration in ends:
            surviving *= 1 - Fraction(ends[duration], under_way)
            steps.append(Step(duration, under_way, ends[duration], surviving))
        under_way -= left[duration]
    return steps


def median(steps: Sequence[Step[D]]) -> D | None:
    """The shortest duration that at most half last longer than; None while more than half are still under way."""
    return next((step.duration for step in steps if step.surviving <= HALF), None)
