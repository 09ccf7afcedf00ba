"""Populations for the tests of rule 9: by hand, at random, and as a factory would make them."""

import numpy as np
from hypothesis import strategies as st

from services.investigation.domain.localisation import Attribute, Population, ProductRun


def attribute(name: str, levels: int, kind: str = "lot") -> Attribute:
    return Attribute(name=name, levels=tuple(f"{name}-{i}" for i in range(levels)), kind=kind)


def made(*runs: tuple[list[list[int]], list[int]], kinds: tuple[str, ...] = (), unplaced: int = 0) -> Population:
    """One (codes by attribute, bad flags) pair a product; attributes are named a, b, c, products P0, P1, P2."""
    wide = len(runs[0][0])
    sizes = [1 + max(max(codes[a]) for codes, _ in runs) for a in range(wide)]
    return Population(
        attributes=tuple(attribute(chr(97 + a), size, kinds[a] if kinds else "lot") for a, size in enumerate(sizes)),
        runs=tuple(
            ProductRun(product=f"P{k}", codes=np.array(codes), bad=np.array(bad, dtype=bool))
            for k, (codes, bad) in enumerate(runs)
        ),
        unplaced=unplaced,
    )


@st.composite
def populations(draw: st.DrawFn) -> Population:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    runs = []
    for k in range(draw(st.integers(1, 3))):
        units = draw(st.integers(1, 60))
        codes = np.stack([rng.integers(-1, size, units) for size in sizes])
        runs.append(ProductRun(product=f"P{k}", codes=codes, bad=rng.random(units) < draw(st.sampled_from([0.1, 0.4]))))
    return Population(attributes=tuple(attribute(chr(97 + a), size) for a, size in enumerate(sizes)), runs=tuple(runs))


def factory(
    rng: np.random.Generator, *, drift: str, planted_rate: float | None = None
) -> tuple[Population, str | None]:
    """1,000 units of 4 products made in campaigns; lots of five materials used up one after the other, and a machine.

    `drift`: none, walk (the bad rate wanders), trend (it rises twentyfold), season (four waves). With `planted_rate`
    one lot of the third material makes that share of its units bad; its name is returned.
    """
    units = 1000
    product = np.repeat(rng.integers(0, 4, units), rng.integers(5, 40, units))[:units]
    time = np.arange(units) / units
    columns = [_used_up(rng, units, mean) for mean in (8, 20, 40, 60, 120)]
    columns.append(rng.integers(0, 4, units))
    logit = (
        -3.2
        + np.array([0, 0.5, -0.5, 1])[product]
        + {
            "none": np.zeros(units),
            "walk": np.cumsum(rng.normal(0, 3 / np.sqrt(units), units)),
            "trend": 3 * time - 1,
            "season": 1.5 * np.sin(8 * np.pi * time + rng.uniform(0, 6)),
        }[drift]
    )
    rate = 1 / (1 + np.exp(-logit))
    planted = None
    if planted_rate is not None:
        sizes = np.bincount(columns[2] + 1000 * product)
        lot = int(sizes.argmax()) % 1000
        rate = np.where(columns[2] == lot, planted_rate, rate)
        planted = f"c-{lot}"
    bad = rng.random(units) < rate
    codes = np.stack(columns)
    return Population(
        attributes=tuple(attribute(chr(97 + a), int(c.max()) + 1) for a, c in enumerate(columns)),
        runs=tuple(
            ProductRun(product=f"P{k}", codes=codes[:, product == k], bad=bad[product == k]) for k in np.unique(product)
        ),
    ), planted


def _used_up(rng: np.random.Generator, units: int, mean: int) -> np.ndarray:
    lengths = 1 + rng.geometric(1 / mean, units)
    return np.repeat(np.arange(units), lengths)[:units]
