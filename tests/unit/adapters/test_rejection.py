"""What stands on the rejected topic: the message byte by byte, and what was done about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shared.adapters.kafka.rejection import (
    HANDLING,
    REJECTION,
    Handling,
    Origin,
    Rejected,
    Rejection,
    handling_record,
    rejection_record,
    still_open,
    told,
)

AT = datetime(2026, 1, 2, tzinfo=UTC)
FORGED = [(REJECTION, b"{}"), ("a", None), (HANDLING, b"x")]


def rejection(offset=0, **more) -> Rejection:
    at = AT + timedelta(seconds=offset)
    return Rejection(Origin("in", 0, offset, 5), "complaints", "acme", at, {"type": "urn:x"}, **more)


def rejected(offset=0) -> Rejected:
    value, headers = rejection_record(rejection(offset), [], b"v")
    found = told(headers, value)
    assert isinstance(found, Rejected)
    return found


def handling(offset=0) -> Handling:
    said = Handling(rejection(offset).origin, "complaints", "acme", "dropped", "li", AT, "x", "urn:x")
    found = told(*handling_record(said)[::-1])
    assert found == said
    return said


def test_the_message_comes_back_byte_by_byte_whatever_it_calls_its_own_headers():
    value, headers = rejection_record(rejection(key=b"\xff"), FORGED, b"\x00\xff")
    found = told(headers, value)
    assert (found.value, list(found.headers), found.rejection) == (b"\x00\xff", FORGED, rejection(key=b"\xff"))
    assert found.id == rejection().origin.id


def test_a_message_without_a_value_is_no_tombstone_on_a_compacted_topic():
    value, headers = rejection_record(rejection(was_null=True), [], None)
    assert value == b""
    assert told(headers, value).value is None
    assert handling_record(handling())[0] == b""


def test_what_is_none_of_ours_is_passed_over():
    assert told([], b"x") is None
    assert told([("a", b"b")], b"x") is None
    assert told([(REJECTION, b"{"), (HANDLING, b"{}")], b"x") is None
    assert told([(REJECTION, None)], b"x") is None


def test_open_is_what_nobody_has_handled_since_the_oldest_first():
    one, other = rejected(1), rejected(2)
    assert list(still_open([other, one])) == [one.id, other.id]
    assert list(still_open([one, other, handling(1)])) == [other.id]
    assert list(still_open([one, handling(1), one])) == [one.id]
    assert still_open([one, one, handling(1)]) == {}


def test_of_who_handled_it_nothing_of_the_message_is_kept():
    assert set(msgspec.to_builtins(handling())) == {"origin", "kind", "tenant", "what", "by", "at", "reason", "type"}
