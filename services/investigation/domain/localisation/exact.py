"""The exact conditional test of a common odds ratio over independent 2×2 tables, and its estimate.

Given the margins, the bad units inside a level are, stratum by stratum, hypergeometric, and independent between
strata: their sum is the convolution. Its upper tail at ψ = 1 is the one-sided exact Cochran–Mantel–Haenszel test
(Birch 1964, *J. R. Statist. Soc.* B 26, 313–324; Agresti, *Categorical Data Analysis*, 3rd ed. 2013, §7.3.5; R's
`mantelhaen.test(exact = TRUE, alternative = "greater")`). For another common odds ratio ψ the weights are multiplied by
ψ^x (Gart 1970, *Biometrika* 57, 471–475).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.investigation.domain.localisation.population import FloatArray

_NEGLIGIBLE = 1e-60
_WIDEST = 700.0  # natural logarithm of the largest odds ratio looked for
_FAR, _NEAR = 8.0, 1e-12  # steps of log ψ not to be trusted, and not worth taking


@dataclass(frozen=True, slots=True)
class Stratum:
    """One 2×2 table by its margins: all units, all bad ones, units inside the level, bad ones inside."""

    units: int
    bad: int
    inside: int
    bad_inside: int

    @property
    def informs(self) -> bool:
        """Only a stratum with bad and good units, both inside and outside the level, tells anything."""
        return 0 < self.bad < self.units and 0 < self.inside < self.units

    @property
    def least(self) -> int:
        return max(0, self.bad + self.inside - self.units)

    @property
    def most(self) -> int:
        return min(self.bad, self.inside)

    @property
    def expected(self) -> float:
        return self.inside * self.bad / self.units


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """Distribution of the sum at ψ = 1: `log_p[i]` is the log probability of `lowest + i` bad units inside.

    Values too far from the observed one to matter (below 1e-60 of the peak, tilted to where the data are) are cut off;
    `least` and `most` are what the margins allow.
    """

    observed: int
    least: int
    most: int
    lowest: int
    log_p: FloatArray

    def log_tail(self) -> float:
        """Natural logarithm of P(X ≥ observed)."""
        return min(0.0, _log_sum(self.log_p[max(0, self.observed - self.lowest) :]))


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """Common odds ratio by conditional maximum likelihood with its exact interval; `math.inf` where unbounded."""

    estimate: float
    low: float
    high: float


def conditional(strata: Sequence[Stratum], *, upward: bool = False) -> Conditional:
    """Convolve the strata; work O(Σ support²), independent of the number of good units.

    `upward`: the upper tail is asked for, so what lies above the observed value is kept however far below it is.
    """
    strata = [s for s in strata if s.informs]
    observed = sum(s.bad_inside for s in strata)
    tilt = max(0.0, _mantel_haenszel(strata)) if upward else _mantel_haenszel(strata)
    total, lowest = np.ones(1), 0
    log_scale = 0.0
    for stratum in strata:
        weight, norm = _tilted(stratum, tilt)
        total = np.convolve(total, weight)
        peak = float(np.max(total))
        total /= peak
        log_scale += math.log(peak) + norm
        lowest += stratum.least
        kept = np.flatnonzero(total > _NEGLIGIBLE)
        first, last = int(kept[0]), int(kept[-1])
        total, lowest = total[first : last + 1], lowest + first
    log_p = np.log(total) + log_scale - tilt * np.arange(lowest, lowest + len(total))
    return Conditional(observed, sum(s.least for s in strata), sum(s.most for s in strata), lowest, log_p)


def log_p_value(strata: Sequence[Stratum]) -> float:
    """Log of the one-sided exact p that the level has more bad units than its share; 0 where no stratum informs."""
    return conditional(strata, upward=True).log_tail()


def odds_ratio(distribution: Conditional, confidence: float = 0.95) -> OddsRatio | None:
    """Conditional MLE and exact (Cornfield–Gart) interval; None where the margins leave nothing to estimate."""
    if distribution.least == distribution.most:
        return None
    x = np.arange(distribution.lowest, distribution.lowest + len(distribution.log_p), dtype=np.float64)
    a, half = distribution.observed, (1 - confidence) / 2
    at_most, at_least = a == distribution.most, a == distribution.least
    return OddsRatio(
        estimate=math.inf if at_most else 0.0 if at_least else _solve(distribution, x, x, a),
        low=0.0 if at_least else _solve(distribution, x, np.where(x >= a, 1.0, 0.0), half),
        high=math.inf if at_most else _solve(distribution, x, np.where(x > a, 1.0, 0.0), 1 - half),
    )


def _solve(distribution: Conditional, x: FloatArray, rising: FloatArray, target: float) -> float:
    """The ψ at which the expectation of `rising`, a rising function of x, is the target: Newton in a bracket."""
    low, high, t = -_WIDEST, _WIDEST, 0.0
    for _ in range(200):
        weight = distribution.log_p + t * x
        weight = np.exp(weight - np.max(weight))
        weight /= weight.sum()
        mean = float(weight @ rising)
        slope = float(weight @ (rising * x)) - mean * float(weight @ x)
        low, high = (t, high) if mean < target else (low, t)
        newton = t + (target - mean) / slope if slope > 0 else math.inf
        following = newton if low < newton < high and abs(newton - t) < _FAR else (low + high) / 2
        if abs(following - t) < _NEAR:
            break
        t = following
    return math.exp(following)


def _tilted(stratum: Stratum, tilt: float) -> tuple[FloatArray, float]:
    """Weights e^(tilt·x)·P(x), scaled to a peak of 1, and the logarithm of that scale."""
    x = np.arange(stratum.least, stratum.most, dtype=np.float64)
    bad, inside, outside = stratum.bad, stratum.inside, stratum.units - stratum.inside
    step = np.log((inside - x) * (bad - x)) - np.log((x + 1) * (outside - bad + x + 1))
    log_w = np.concatenate([[0.0], np.cumsum(step)])
    log_w -= _log_sum(log_w)
    log_w += tilt * np.arange(stratum.least, stratum.most + 1)
    peak = float(log_w.max())
    return np.exp(log_w - peak), peak


def _mantel_haenszel(strata: Sequence[Stratum]) -> float:
    """Log odds ratio of Mantel & Haenszel (1959), smoothed by ½: near enough to centre the arithmetic on the data."""
    up = down = 0.5
    for s in strata:
        good_outside = s.units - s.inside - s.bad + s.bad_inside
        up += s.bad_inside * good_outside / s.units
        down += (s.inside - s.bad_inside) * (s.bad - s.bad_inside) / s.units
    return math.log(up / down)


def _log_sum(values: FloatArray) -> float:
    peak = float(np.max(values))
    return peak + math.log(float(np.exp(values - peak).sum()))
