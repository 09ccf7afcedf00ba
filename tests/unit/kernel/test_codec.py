"""Canonical bytes are one for each value. What events may hold stands in tests/contract."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.kernel import codec
from shared.kernel.errors import NotCanonical
from tests.unit.kernel.tally import ID, reopened

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def shuffled(value):
    """The same value, every dict filled in the opposite order."""
    if isinstance(value, dict):
        return {key: shuffled(inner) for key, inner in reversed(value.items())}
    return [shuffled(one) for one in value] if isinstance(value, list) else value


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw builds tables of characters
@given(plain)
def test_the_bytes_do_not_depend_on_the_order_in_which_a_value_was_filled(value):
    assert codec.encode_plain(value) == codec.encode_plain(shuffled(value))


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw builds tables of characters
@given(plain)
def test_what_is_read_back_is_the_value_and_its_bytes_are_the_same_again(value):
    data = codec.encode_plain(value)
    assert json.loads(data) == value
    assert codec.encode_plain(json.loads(data)) == data


@settings(suppress_health_check=[HealthCheck.too_slow])  # as above
@given(texts)
def test_an_event_is_read_back_as_it_was_or_refused_for_the_one_reason_there_is(reason):
    event = reopened(reason)
    if "\x00" in reason:
        with pytest.raises(NotCanonical) as refused:
            codec.encode(event)
        assert (refused.value.path, refused.value.problem) == ("reason", "\\u0000")
    else:
        assert codec.decode("intake.ComplaintReopened", 1, codec.encode(event)) == event


def test_the_very_bytes_of_an_event():
    assert codec.encode(reopened('漏液 "x"\n')) == f'{{"complaint_id":"{ID}","reason":"漏液 \\"x\\"\\n"}}'.encode()


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit_it_was_written_with(number):
    (told,) = json.loads(codec.encode_plain([number]))
    assert (type(told), str(Decimal(told))) == (str, str(number))


def test_what_does_not_fit_its_type_is_a_value_error():
    with pytest.raises(ValueError, match="Expected `int`"):
        codec.decode_plain(b'"seven"', int)
    assert codec.decode_plain(b"[1,2]", tuple[int, ...]) == (1, 2)
