"""What events may hold, and that what is stored is canonical, whatever they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event, EventType
from shared.contracts.intake.complaint import ComplaintRegistered, ComplaintReopened, RemedyCompleted
from shared.contracts.upcasters import UPCASTERS
from shared.kernel import codec
from shared.kernel.errors import NotCanonical
from shared.kernel.schemas import breaks, floats_in, schema_of
from tests.contract.examples import example
from tests.contract.values import STANDARD, anything, every_field, hints_of

EVERY = sorted(EVENT_TYPES)
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", EVERY)
def test_events_are_made_of_standard_types_only(name):
    for path, hint in every_field(EVENT_TYPES[name].cls):
        if get_origin(hint) is Annotated:
            assert get_args(hint)[0] is str, path
        elif get_origin(hint) is Literal:
            assert all(type(value) is str for value in get_args(hint)), path
        elif is_dataclass(hint):
            assert hint.__module__.startswith("shared.contracts."), path
            assert hint.__dataclass_params__.frozen, path
        else:
            assert hint in STANDARD, path


@pytest.mark.parametrize("name", EVERY)
def test_every_mark_names_a_uuid_of_its_event(name):
    cls = EVENT_TYPES[name].cls
    own = hints_of(cls)
    for path, hint in every_field(cls):
        if get_origin(hint) is not Annotated:
            continue
        (mark,) = hint.__metadata__
        always_there = own.get(path) == hint
        assert own.get(mark.owner) in ((UUID,) if always_there else (UUID, UUID | None)), f"{path}: {mark}"


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_was_encoded_is_decoded_the_same_and_keys_are_sorted(name, data):
    kind = EVENT_TYPES[name]
    event = data.draw(anything(kind.cls))
    encoded = codec.encode(event)
    assert codec.decode(name, kind.version, encoded) == event
    assert codec.encode(codec.decode(name, kind.version, encoded)) == encoded
    read = json.loads(encoded, object_pairs_hook=_in_order, parse_float=_no_float)
    assert json.dumps(read, ensure_ascii=False, separators=(",", ":")).encode() == encoded


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
    return dict(pairs)


def _no_float(text: str) -> float:
    raise AssertionError(f"{text} is a float")


@pytest.mark.parametrize("moment", ["2026-03-01T08:30:00Z", "2026-03-01T16:30:00.250000+08:00"])
def test_the_bytes_are_these_decimals_as_strings_times_with_their_offset(moment):
    stored = (
        '{"complaint_id":"01a205f8-376f-72e6-96e8-edb8be96e887","completed_at":"%s",'
        '"note":"已更换 ✓","refund_amount":"12.50","refund_currency":"CNY","replacement_serial":null,"resolution_no":1}'
    )
    event = RemedyCompleted(
        complaint_id=UUID("01a205f8-376f-72e6-96e8-edb8be96e887"),
        resolution_no=1,
        completed_at=datetime.fromisoformat(moment),
        note="已更换 ✓",
        refund_amount=Decimal("12.50"),
        refund_currency="CNY",
    )
    assert codec.encode(event).decode() == stored % moment


@pytest.mark.parametrize("text", ["NaN", "sNaN", "-NaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_refused_where_it_stands(text):
    registered = example(ComplaintRegistered)
    (item,) = registered.items
    bad = replace(registered, items=(item, replace(item, quantity_delivered=Decimal(text))))
    with pytest.raises(NotCanonical) as refused:
        codec.encode(bad)
    assert refused.value.path == "items[1].quantity_delivered"


def test_a_text_that_says_nan_is_a_text():
    event = replace(example(ComplaintReopened), reason="NaN")
    assert codec.decode("intake.ComplaintReopened", 1, codec.encode(event)) == event


@pytest.mark.parametrize(
    ("text", "path"), [("a\x00b", "items[0].serials[0]"), ("\ud800", "")], ids=["NUL", "lone surrogate"]
)
def test_a_text_that_postgres_or_utf_8_cannot_hold_is_refused(text, path):
    registered = example(ComplaintRegistered)
    bad = replace(registered, items=(replace(registered.items[0], serials=(text,)),))
    with pytest.raises(NotCanonical) as refused:
        codec.encode(bad)
    assert refused.value.path == path


def test_unknown_fields_are_ignored_inside_the_parts_of_an_event_too():
    registered = example(ComplaintRegistered)
    plain = json.loads(codec.encode(registered))
    for part in (plain["customer"], plain["items"][0], plain["promises"][0]):
        part["from_a_later_build"] = [1]
    assert codec.decode("intake.ComplaintRegistered", 1, json.dumps(plain).encode()) == registered


def test_there_is_a_step_between_every_two_versions_and_none_beside():
    steps = {(name, version) for name in EVERY for version in range(1, EVENT_TYPES[name].version)}
    assert set(UPCASTERS) == steps


def test_every_golden_file_is_of_a_version_that_was_published():
    published = {f"{name}.v{v}.json" for name in EVERY for v in range(1, EVENT_TYPES[name].version + 1)}
    assert {path.name for path in GOLDEN.iterdir()} == published


@dataclass(frozen=True)
class Part:
    amount: Decimal


@dataclass(frozen=True)
class Before(Event):
    kind: Literal["a", "b"]
    part: Part
    note: str | None = None


def _schema(cls: type[Any]) -> dict[str, Any]:
    return schema_of(EventType("intake.Sample", 1, "样", "Sample", cls))


def _changed(**hints: Any) -> dict[str, Any]:
    """The schema of Before with fields of other types, or (None) without them."""
    kept = {name: hint for name, hint in ({**hints_of(Before), **hints}).items() if hint is not None}
    return _schema(dataclass(frozen=True)(type("Before", (Event,), {"__annotations__": kept, "note": None})))


@dataclass(frozen=True)
class PartInFloats:
    amount: float


def _inner(**changes: Any) -> dict[str, Any]:
    schema = _schema(Before)
    return schema | {"$defs": {"Part": schema["$defs"]["Part"] | changes}}


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (_changed(kind=Literal["a"]), "kind has another type"),
        (_changed(kind=Literal["a", "b", "c"]), "kind has another type"),
        (_changed(kind=str), "kind has another type"),
        (_inner(properties={}), "Part.amount is gone"),
        (_inner(properties={"amount": {"type": "integer"}}), "Part.amount has another type"),
        (_schema(Before) | {"$defs": {}}, "Part is gone"),
    ],
)
def test_a_change_that_an_old_reader_could_not_take_is_named_in_parts_too(new, problem):
    assert list(breaks(_schema(Before), new)) == [problem]


def test_a_float_is_found_wherever_it_stands():
    assert floats_in(EventType("intake.Sample", 1, "样", "Sample", Before)) == []
    with_float = dataclass(frozen=True)(
        type("Sample", (Event,), {"__annotations__": {"score": float | None, "part": PartInFloats}})
    )
    assert sorted(floats_in(EventType("intake.Sample", 1, "样", "Sample", with_float))) == ["amount", "score"]
