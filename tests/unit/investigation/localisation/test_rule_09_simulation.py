"""Hard rule 9 over seeded histories: the exact test alone accuses somebody, the three together rarely do."""

import numpy as np

from services.investigation.domain.localisation import Localisation, Settings, localise
from tests.unit.investigation.localisation.populations import factory

HISTORIES = 60


def answers(drift: str, planted_rate: float | None = None) -> list[tuple[Localisation, str | None]]:
    found = []
    for seed in range(HISTORIES):
        population, planted = factory(np.random.default_rng(seed), drift=drift, planted_rate=planted_rate)
        found.append((localise(population, settings=Settings(rotations=199)), planted))
    return found


def test_in_clean_histories_with_drift_the_exact_test_alone_accuses_and_all_three_do_not():
    for drift in ("walk", "trend", "season"):
        results = [result for result, _ in answers(drift)]
        assert sum(r.significant > 0 for r in results) >= 0.3 * HISTORIES, drift
        assert sum(bool(r.suspects) for r in results) <= 0.05 * HISTORIES, drift


def test_a_planted_lot_comes_first():
    results = answers("none", planted_rate=0.5)
    first = [any(m.level == planted for m in r.groups[0].members) for r, planted in results]
    assert sum(first) >= 0.95 * HISTORIES
    suspects = [any(m.level == planted for g in r.suspects for m in g.members) for r, planted in results]
    assert sum(suspects) >= 0.8 * HISTORIES
    assert sum(any(m.level != planted for g in r.suspects[:1] for m in g.members) for r, planted in results) <= 3
