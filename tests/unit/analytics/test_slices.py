from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.analytics.domain.slices import Slice, by_period, by_product, period_of
from tests.unit.analytics.cases import DAY, MONDAY, case

NEW_YEAR = datetime(2026, 12, 31, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("granularity", "here", "in_shanghai"),
    [
        ("day", "2026-12-31", "2027-01-01"),
        ("week", "2026-W53", "2026-W53"),
        ("month", "2026-12", "2027-01"),
        ("quarter", "2026-Q4", "2027-Q1"),
        ("year", "2026", "2027"),
    ],
)
def test_a_period_is_one_of_the_readers_calendar(granularity, here, in_shanghai):
    assert period_of(NEW_YEAR, granularity) == here
    assert period_of(NEW_YEAR, granularity, ZoneInfo("Asia/Shanghai")) == in_shanghai


def test_a_slice_starts_with_since_and_ends_before_until():
    slice_ = Slice(since=MONDAY, until=MONDAY + DAY, product="P-1")
    assert slice_.holds(MONDAY, ("P-1", "P-2"))
    assert not slice_.holds(MONDAY + DAY, ("P-1",))
    assert not slice_.holds(MONDAY, ("P-2",))
    assert not slice_.holds(None, ("P-1",))
    assert Slice(product="P-1").holds(None, ("P-1",))


def test_groups_by_period_and_by_product():
    first, second = case(1, products=("P-1", "P-2")), case(2, received_at=MONDAY - 7 * DAY, products=("P-2",))
    assert by_period([first, second], lambda c: c.received_at, "week") == {"2026-W18": [second], "2026-W19": [first]}
    assert by_product([first, second]) == {"P-1": [first], "P-2": [first, second]}
    assert by_period([first], lambda c: c.closed_at, "week") == {}
