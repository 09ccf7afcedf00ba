"""What a localisation answers, and its byte-stable form."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal, TypeAlias

from services.investigation.domain.localisation.exact import OddsRatio
from services.investigation.domain.localisation.population import AttributeKind
from shared.contracts.words import SuspectVerdict

Rounded: TypeAlias = "bool | int | str | list[Rounded] | dict[str, Rounded] | None"
_SIX = Context(prec=6, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
_AMPLE = Context(prec=20, Emin=-999_999, Emax=999_999)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to judge. `alpha` is the family-wise error each of the three tests may make.

    `rotations`: how many are drawn from `seed` where there are more than that; each product's order is cut into at most
    `blocks` stretches of equal length, of at least `block_units` units each, but always into two; `shown`: how many
    groups at most are confirmed and reported.
    """

    alpha: float = 0.05
    confidence: float = 0.95
    stratified: bool = True
    rotations: int = 1999
    seed: int = 9
    blocks: int = 12
    block_units: int = 20
    shown: int = 20


@dataclass(frozen=True, slots=True)
class Member:
    attribute: str
    level: str
    kind: AttributeKind


@dataclass(frozen=True, slots=True)
class Apart:
    """A test that tells two members apart: look at units that carry the one and not the other.

    `inspect`: `units` such units of `product` were made; `make`: there are none yet.
    """

    how: Literal["inspect", "make"]
    carries: Member
    lacks: Member
    product: str | None
    units: int


@dataclass(frozen=True, slots=True)
class Nested:
    """This group lies wholly inside group `inside` (a rank).

    `p_within`: is it worse than the rest of the wider one; `p_rest`: is that rest worse than what is outside.
    """

    inside: int
    p_within: float
    p_rest: float
    answer: Literal["narrower", "wider", "both", "undecided"]


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that the data can't tell apart. Units and bad units are those of the products that inform.

    p-values as natural logarithms, so that none vanishes; `attributable_bad`: bad units above what the rate outside
    would have given; rates are bad units per unit; the time tests are None where they were not asked or can't be made.
    """

    rank: int
    members: tuple[Member, ...]
    units: int
    bad: int
    expected_bad: float
    rate_inside: float
    rate_outside: float
    attributable_bad: float
    log_p_exact: float
    log_p_adjusted: float
    p_permutation: float | None
    p_time_blocks: float | None
    odds: OddsRatio | None
    verdict: SuspectVerdict
    nested: Nested | None
    apart: tuple[Apart, ...]

    @property
    def p_exact(self) -> float:
        return math.exp(self.log_p_exact)

    @property
    def p_adjusted(self) -> float:
        return math.exp(self.log_p_adjusted)


@dataclass(frozen=True, slots=True)
class Missing:
    """Units that have nothing on record for an attribute; they are left out of that attribute's test."""

    attribute: str
    units: int
    bad: int


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer: `have` of what is counted, and how many would be `enough`."""

    reason: Literal["too_few_bad", "no_contrast"]
    have: int
    enough: int


@dataclass(frozen=True, slots=True)
class Rotations:
    """How many rotations, whether they are all there are, and how many levels the maximum was taken over."""

    drawn: int
    complete: bool
    levels: int


@dataclass(frozen=True, slots=True)
class Localisation:
    """The ranked answer of rule 9. `tests` levels were tested (Holm); `significant` of them by the exact test.

    `without_lot`: bad items no unit stands for, and bad units without any lot on record.
    """

    settings: Settings
    units: int
    bad: int
    without_lot: int
    missing: tuple[Missing, ...]
    tests: int
    significant: int
    rotations: Rotations | None
    groups: tuple[Group, ...]
    abstained: Abstention | None

    @property
    def suspects(self) -> tuple[Group, ...]:
        return tuple(g for g in self.groups if g.verdict == "suspect")


def rounded(value: object) -> Rounded:
    """JSON of a result: every float a decimal text of six significant digits, `inf` as None, logarithms as p-values."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return None if math.isinf(value) else _text(Decimal(value))
        case tuple():
            return [rounded(v) for v in value]
        case _ if is_dataclass(value):
            return dict(_field(f.name, getattr(value, f.name)) for f in fields(value))
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")


def _field(name: str, value: object) -> tuple[str, Rounded]:
    if name.startswith("log_") and isinstance(value, float):
        return name.removeprefix("log_"), _text(_AMPLE.exp(Decimal(value)))
    return name, rounded(value)


def _text(value: Decimal) -> str:
    short = _SIX.plus(value)
    return str(_SIX.create_decimal(0) if short == 0 else _SIX.normalize(short))
