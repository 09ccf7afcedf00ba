from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.complaint.commands import CorrectDetail
from services.intake.domain.complaint.correction import HEADER, ITEM, corrected, read
from services.intake.domain.errors import (
    InTheFuture,
    ItemWrong,
    NothingChanges,
    ReasonMissing,
    TimesOutOfOrder,
    UnknownField,
    ValueDoesNotFit,
)
from shared.contracts.intake.complaint import ComplaintDetailsCorrected
from shared.kernel.errors import DomainError
from tests.unit.intake import states as s


def correct(path, value, reason="客户来电更正"):
    return CorrectDetail(path=path, value=value, now=s.NOW, reason=reason)


def form_after(*commands):
    return s.complaint.given(s.after(*commands, given=s.registered())).state.form


def test_a_field_of_an_item():
    s.complaint.given(s.registered()).when(correct("items[1].lot", "L-9")).then(
        ComplaintDetailsCorrected(
            complaint_id=s.ID,
            field="items[1].lot",
            reason="客户来电更正",
            subject_id=s.SUBJECT,
            old='"L-1"',
            new='"L-9"',
        )
    )
    assert form_after(correct("items[1].lot", "L-9")).items[0].lot == "L-9"


def test_personal_fields_stand_apart():
    s.complaint.given(s.registered()).when(correct("customer.phone", "139")).then(
        ComplaintDetailsCorrected(
            complaint_id=s.ID,
            field="customer.phone",
            reason="客户来电更正",
            subject_id=s.SUBJECT,
            old_personal="13800000000",
            new_personal="139",
        )
    )
    assert form_after(correct("customer.phone", "139")).customer.phone == "139"


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("items[1].quantity_affected", "2.5", Decimal("2.5")),
        ("items[1].serials", ["S-1", "S-2"], ("S-1", "S-2")),
        ("items[1].lot", None, None),
        ("harm", "injury", "injury"),
        ("sample_available", True, True),
        ("occurred_at", "2026-01-05T15:00:00+08:00", s.RECEIVED - s.HOUR),
        ("customer.account", "K-2", "K-2"),
        ("description", "冒烟且有异味", "冒烟且有异味"),
    ],
)
def test_each_kind_of_value(path, value, kept):
    assert read(form_after(correct(path, value)), path) == kept


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("items[1].quantity_affected", 0),
        ("items[1].quantity_affected", "NaN"),
        ("items[1].quantity_affected", True),
        ("items[1].product", None),
        ("items[1].product", "  "),
        ("items[1].serials", "S-1"),
        ("items[1].production_date", "yesterday"),
        ("items[1].lot", "x" * 201),
        ("harm", "scratch"),
        ("occurred_at", "2026-01-05T15:00:00"),
        ("customer.name", None),
        ("customer.phone", 138),
        ("sample_available", "yes"),
    ],
)
def test_a_value_that_doesnt_fit(path, value):
    s.complaint.given(s.registered()).when(correct(path, value)).refused(ValueDoesNotFit, path=path)


@pytest.mark.parametrize(
    "path", ["", "items", "items[0].lot", "items[2].lot", "items[1].item_no", "complaint_no", "subject_id", "x.y"]
)
def test_a_field_that_cant_be_corrected(path):
    s.complaint.given(s.registered()).when(correct(path, "x")).refused(UnknownField)


def test_the_form_must_stay_one_that_could_be_registered():
    registered = s.complaint.given(s.registered())
    registered.when(correct("items[1].quantity_affected", 11)).refused(ItemWrong, item_no=1)
    registered.when(correct("occurred_at", "2026-01-05T08:30:00Z")).refused(TimesOutOfOrder)
    registered.when(correct("occurred_at", "2026-01-06T00:00:00Z")).refused(InTheFuture, name="occurred_at")


def test_the_value_it_has_is_no_correction():
    s.complaint.given(s.registered()).when(correct("items[1].lot", "L-1")).refused(NothingChanges)


def test_a_correction_needs_a_reason():
    s.complaint.given(s.registered()).when(correct("items[1].lot", "L-9", " ")).refused(ReasonMissing)


json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4)


@given(path=st.sampled_from([*HEADER, *(f"items[1].{name}" for name in ITEM)]) | st.text(), value=json)
def test_whatever_is_sent_is_taken_or_refused(path, value):
    (form,) = s.registered()
    try:
        event = corrected(form, path, value, "更正")
    except DomainError:
        return
    assert event.field == path
    assert (event.new is None) is (event.old is None)
