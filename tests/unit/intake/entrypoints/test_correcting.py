"""A correction is held to what the registration form itself is held to."""

from __future__ import annotations

import pytest

from services.intake.domain.complaint.correction import HEADER, ITEM
from services.intake.entrypoints.correcting import check_value
from shared.adapters.http.edge_errors import InvalidRequest


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("customer.phone", "call me", "/value"),
        ("customer.phone", "-----", "/value"),
        ("customer.phone", "1-(2)", "/value"),
        ("customer.email", "nobody", "/value"),
        ("customer.account", "带空格 的", "/value"),
        ("customer.name", "两行\n名字", "/value"),
        ("items[1].lot", "L" * 201, "/value"),
        ("items[1].product", None, "/value"),
        ("items[1].quantity_affected", "1.0000001", "/value"),
        ("items[1].quantity_affected", "9" * 19, "/value"),
        ("items[1].quantity_delivered", True, "/value"),
        ("items[1].serials", ["S-1", "a\x07"], "/value/1"),
        ("items[1].serials", ["S"] * 1001, "/value"),
        ("items[1].defect_codes", ["有空格 "], "/value/0"),
        ("items[1].production_date", "2026-13-01", "/value"),
        ("occurred_at", "2026-01-05T08:00:00", "/value"),
        ("occurred_at", "0001-01-05T08:00:00Z", "/value"),
        ("scenario", "space", "/value"),
        ("description", " ", "/value"),
    ],
)
def test_a_value_that_could_not_be_registered_is_refused_by_its_place(path, value, pointer):
    with pytest.raises(InvalidRequest) as refused:
        check_value(path, value)
    assert [one.field for one in refused.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("customer.phone", "+86 138 0000 1111"),
        ("customer.contact", None),
        ("items[2].quantity_affected", "3.5"),
        ("items[1].quantity_affected", 3),
        ("items[1].serials", ["S-1"]),
        ("items[1].production_date", "2026-01-05"),
        ("occurred_at", "2026-01-05T08:00:00+08:00"),
        ("sample_available", True),
    ],
)
def test_a_value_that_could_be_registered_may_be_corrected_to(path, value):
    check_value(path, value)


@pytest.mark.parametrize(
    "path", ["customer", "items", "items[1]", "items[1].", "channel", "__class__", "items[1].item_no"]
)
def test_what_cant_be_corrected_is_left_to_the_domain_to_refuse(path):
    check_value(path, {"any": "value"})


def test_every_field_that_can_be_corrected_is_held_to_the_forms_own():
    unheld = []
    for path in (*HEADER, *(f"items[1].{name}" for name in ITEM)):
        try:
            check_value(path, {"no": "such value"})
        except InvalidRequest:
            continue
        unheld.append(path)
    assert unheld == []
