"""Hard rule 9 on 1,005 real production batches of a tablet; bad: total impurities ≥ 0.29 (104).

Žagar & Mihelič, *Scientific Data* 9, 99 (2022), doi 10.1038/s41597-022-01203-x, CC BY 4.0.
"""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from services.investigation.domain.localisation import (
    Attribute,
    Localisation,
    Population,
    ProductRun,
    Settings,
    localise,
    suspect_attributes,
    totals_of,
)

pytestmark = pytest.mark.data
LOTS = ("api_batch", "smcc_batch", "lactose_batch", "starch_batch")
MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt", "nov", "dec")
ALIASED = ["api_batch=2", "smcc_batch=1", "lactose_batch=2", "starch_batch=1"]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    beside_the_checkout = Path(__file__).resolve().parents[4] / ".." / "shared" / "data"
    path = Path(os.environ.get("SUYUAN_DATA", beside_the_checkout)) / "pharma" / "Laboratory.csv"
    if not path.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no real data: set SUYUAN_DATA to its folder")
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter=";"))
    return sorted(found, key=lambda r: (r["start"][4:], MONTHS.index(r["start"][:3]), int(r["batch"])))


def population(rows: list[dict[str, str]], *columns: str) -> Population:
    levels = {c: sorted({r[c] for r in rows}) for c in columns}
    code = {c: {level: i for i, level in enumerate(levels[c])} for c in columns}
    runs = []
    for product in sorted({r["code"] for r in rows}, key=int):
        mine = [r for r in rows if r["code"] == product]
        codes = np.array([[code[c][r[c]] for r in mine] for c in columns])
        bad = np.array([float(r["impurities_total"]) >= 0.29 for r in mine])
        runs.append(ProductRun(product=product, codes=codes, bad=bad))
    kinds = {"start": "period"}
    attributes = tuple(Attribute(name=c, levels=tuple(levels[c]), kind=kinds.get(c, "lot")) for c in columns)
    return Population(attributes=attributes, runs=tuple(runs))


def members(result: Localisation, rank: int) -> list[str]:
    return [f"{m.attribute}={m.level}" for m in result.groups[rank - 1].members]


def test_four_lots_of_the_real_batches_cannot_be_told_apart_and_it_says_what_would(rows: list[dict[str, str]]):
    result = localise(population(rows, *LOTS))
    top = result.groups[0]
    assert (result.units, result.bad) == (1005, 104)
    assert members(result, 1) == ALIASED
    assert (top.units, top.bad, top.verdict) == (15, 14, "suspect")
    assert [(h.product, h.units) for h in top.apart if h.carries.attribute == "smcc_batch"] == [("2", 3)]


def test_beside_the_month_of_production_the_four_lots_are_lot_or_period(rows: list[dict[str, str]]):
    """All their bad batches were made in November 2018: inside that month nothing tells them from the others."""
    result = localise(population(rows, *LOTS, "start"))
    top = result.groups[0]
    assert (members(result, 1), top.verdict) == (ALIASED, "lot_or_period")
    assert top.nested is not None
    assert (members(result, top.nested.inside), top.nested.answer) == (["start=nov.18"], "undecided")


def test_stratifying_the_real_batches_by_product_acquits_whom_the_product_mix_accused(rows: list[dict[str, str]]):
    asked = population(rows, *LOTS)
    pooled, stratified = (localise(asked, settings=Settings(stratified=s)) for s in (False, True))
    accused = {m for r in range(1, pooled.significant + 1) for m in members(pooled, r)}
    assert {"lactose_batch=16", "api_batch=153", "api_batch=229", "api_batch=78"} < accused
    assert [members(stratified, r) for r in range(1, 3)] == [ALIASED, ["starch_batch=17"]]
    assert {g.verdict for g in stratified.groups[2:]} == {"not_significant"}


def test_rotated_along_time_a_real_starch_lot_is_no_more_than_lot_or_period(rows: list[dict[str, str]]):
    starch = localise(population(rows, *LOTS)).groups[1]
    assert starch.p_adjusted < 0.05
    assert starch.p_permutation > 0.5
    assert starch.verdict == "lot_or_period"


def test_the_real_batches_answer_alike_from_kept_totals(rows: list[dict[str, str]]):
    asked = population(rows, *LOTS)
    totals = totals_of(asked)
    assert [g.log_p_exact for g in localise(totals).groups[:2]] == pytest.approx(
        [g.log_p_exact for g in localise(asked).groups[:2]]
    )
    assert suspect_attributes(totals) == (0, 1, 2, 3)
