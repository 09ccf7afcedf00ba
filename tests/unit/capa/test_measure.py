"""Counting for an effectiveness check."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.capa.domain.effectiveness import BadItem, Made, Window, measure, ppm, within_target

FIRST, LAST = date(2026, 5, 10), date(2026, 6, 10)
DAY = timedelta(days=1)
WINDOW = Window(made_from=FIRST, made_to=LAST, products=("P-1", "P-2"), defect_codes=("D-7",))


def bad(standing="confirmed", day=FIRST, product="P-1", defects=("D-7",), quantity=1, received=None):
    return BadItem(
        product=product,
        quantity=Decimal(quantity),
        defect_codes=defects,
        standing=standing,
        production_date=day,
        received_on=received,
    )


def counted(*items, made=()):
    c = measure(made, items, WINDOW)
    return c.confirmed_bad, c.pending_bad, c.bad_before, c.bad_undated


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (bad(), (1, 0, 0, 0)),
        (bad(day=LAST), (1, 0, 0, 0)),
        (bad(day=FIRST - DAY), (0, 0, 1, 0)),
        (bad(day=LAST + DAY), (0, 0, 0, 0)),
        (bad(day=None), (0, 0, 0, 1)),
        (bad(day=None, received=FIRST), (0, 0, 0, 1)),
        (bad(day=None, received=FIRST - DAY), (0, 0, 1, 0)),  # reported before: made before
        (bad(day=FIRST, received=FIRST - DAY), (1, 0, 0, 0)),
        (bad("pending"), (0, 1, 0, 0)),
        (bad("pending", FIRST - DAY), (0, 0, 1, 0)),
        (bad("pending", None), (0, 0, 0, 1)),
        (bad("pending", defects=()), (0, 1, 0, 0)),
        (bad("confirmed", defects=()), (0, 0, 0, 0)),
        (bad("cleared"), (0, 0, 0, 0)),
        (bad(product="P-9"), (0, 0, 0, 0)),
        (bad(defects=("D-1",)), (0, 0, 0, 0)),
        (bad(defects=("D-1", "D-7"), quantity=3), (3, 0, 0, 0)),
    ],
)
def test_where_an_item_is_counted(item, expected):
    assert counted(item) == expected


def test_without_defect_codes_every_defect_counts():
    every = Window(made_from=FIRST, made_to=LAST, products=("P-1",), defect_codes=())
    assert measure([], [bad(defects=("D-1",)), bad(defects=())], every).confirmed_bad == 2


def test_units_of_the_products_made_in_the_window():
    made = [
        Made(product="P-1", day=FIRST, units=100),
        Made(product="P-2", day=LAST, units=20),
        Made(product="P-1", day=FIRST - DAY, units=1000),
        Made(product="P-1", day=LAST + DAY, units=1000),
        Made(product="P-9", day=FIRST, units=1000),
    ]
    assert measure(made, [], WINDOW).units == 120


def test_ppm_is_a_decimal_of_three_places():
    assert ppm(Decimal(1), 40_000) == Decimal("25.000")
    assert ppm(Decimal(1), 3_000_000) == Decimal("0.333")
    assert ppm(Decimal(0), 0) is None


@given(st.decimals(0, 10_000, places=2), st.integers(1, 10**9), st.decimals(0, 10**6, places=3))
def test_the_target_is_judged_on_the_exact_ratio(bad_units, units, target):

    assert within_target(bad_units, units, target) == (Fraction(bad_units) * 10**6 / units <= Fraction(target))
