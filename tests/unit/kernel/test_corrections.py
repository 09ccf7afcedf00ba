"""Which item's field a correction is about, and its new value in the contract's own type."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared.contracts.intake.complaint import ComplaintDetailsCorrected
from shared.kernel.corrections import ItemCorrection, item_correction
from tests.unit.kernel.tally import ID


def corrected(field, new):
    return item_correction(ComplaintDetailsCorrected(complaint_id=ID, field=field, reason="", subject_id=ID, new=new))


@pytest.mark.parametrize(
    ("field", "new", "value"),
    [
        ("items[1].lot", '"FG-0042"', "FG-0042"),
        ("items[1].lot", None, None),
        ("items[1].quantity_affected", '"2.50"', Decimal("2.50")),
        ("items[1].production_date", '"2026-01-05"', date(2026, 1, 5)),
        ("items[1].defect_codes", '["D1","D2"]', ("D1", "D2")),
        ("items[1].serials", "[]", ()),
    ],
)
def test_the_value_has_the_type_that_the_contract_gives_the_field(field, new, value):
    found = corrected(field, new)
    assert found == ItemCorrection(1, field.partition(".")[2], value)
    assert type(found.value) is type(value)


def test_the_item_is_the_one_that_is_named():
    assert corrected("items[12].lot", '"x"').item_no == 12


@pytest.mark.parametrize(
    "field",
    ["customer.phone", "description", "items[1]", "items[1].item_no", "items[1].colour", "items[].lot", "xitems[1].lot",
     "items[1].lot.x", "items[-1].lot"],
)  # fmt: skip
def test_a_correction_of_anything_else_is_none(field):
    assert corrected(field, '"x"') is None


def test_a_value_of_another_type_is_not_taken():
    with pytest.raises(ValueError, match="Expected"):
        corrected("items[1].defect_codes", '"D1"')
