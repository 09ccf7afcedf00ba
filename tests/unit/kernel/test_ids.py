"""Fresh ids rise with time; derived ids are the same for ever."""

from __future__ import annotations

import time
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.kernel.ids import derived_id, new_id

parts = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), max_size=5), max_size=4)


def test_a_fresh_id_is_a_uuid7_of_this_millisecond():
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (type(made), made.version, made.variant) == (UUID, 7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_fresh_ids_never_come_twice_and_rise_with_the_milliseconds():
    made = [new_id() for _ in range(5000)]
    assert len(set(made)) == len(made)
    stamps = [one.int >> 80 for one in made]
    assert stamps == sorted(stamps)


def test_a_derived_id_is_this_one_for_ever():
    """uuid5 of the root and the parts, a unit separator between them: as sha1sum has it."""
    assert derived_id("timer", "intake", "7") == UUID("218e774f-d2cc-5b7b-9d24-a2473033a9ac")


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw builds tables of characters
@given(parts, parts)
def test_other_parts_give_another_id_however_they_are_cut(one, other):
    assert (derived_id(*one) == derived_id(*other)) == ("\x1f".join(one) == "\x1f".join(other))
