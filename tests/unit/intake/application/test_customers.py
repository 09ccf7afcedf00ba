"""One customer is one, however the phone was written down."""

from __future__ import annotations

import pytest

from services.intake.application.customers import normalised


@pytest.mark.parametrize(
    "written",
    ["13800001111", "138 0000 1111", "138-0000-1111", "+86 138 0000 1111", "0086 13800001111", "+8613800001111"],
)
def test_a_number_with_and_without_its_country_is_the_same(written):
    assert normalised("phone", written, "CN") == "+8613800001111"


@pytest.mark.parametrize(
    ("written", "region", "same"),
    [
        ("(021) 5555 6666", "CN", "+862155556666"),
        ("030 123456", "DE", "+4930123456"),
        ("+49 30 123456", "CN", "+4930123456"),
        ("110", "CN", "110"),
        ("1234567890123456789", "CN", "1234567890123456789"),
    ],
)
def test_what_is_written_without_a_country_is_the_plants_and_what_cant_be_a_number_is_its_digits(written, region, same):
    assert normalised("phone", written, region) == same


def test_an_address_is_the_same_in_capitals():
    assert normalised("email", " Wang@Example.TEST ", "CN") == "wang@example.test"
