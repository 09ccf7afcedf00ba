"""The published language: every event titled, of standard types, readable for ever."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.intake.complaint import ComplaintAcknowledged, ComplaintReopened
from shared.kernel import codec
from shared.kernel.errors import NotCanonical, UnknownEvent
from shared.kernel.marked import key_owners
from shared.kernel.schemas import breaks, floats_in, schemas
from tests.contract.examples import FIXED, example

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(__file__).parents[2] / "shared" / "contracts" / "schemas"
EVERY = sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", EVERY)
def test_every_event_has_a_title_in_both_languages_and_no_float(name):
    kind = EVENT_TYPES[name]
    assert kind.zh
    assert kind.en
    assert any("\u4e00" <= c <= "\u9fff" or c.isupper() for c in kind.zh)
    assert floats_in(kind) == []


@pytest.mark.parametrize("name", EVERY)
def test_every_version_of_every_event_has_a_golden_fixture_that_is_still_read(name):
    kind = EVENT_TYPES[name]
    for version in range(1, kind.version + 1):
        data = (GOLDEN / f"{name}.v{version}.json").read_bytes()
        event = codec.decode(name, version, data)
        assert isinstance(event, kind.cls)
        if version == kind.version:
            assert keeps(json.loads(codec.encode(event)), json.loads(data))


def keeps(now: Any, stored: Any) -> bool:
    """Everything stored is still read as it was. A later optional field may stand beside: the files never change."""
    if isinstance(stored, dict):
        return all(name in now and keeps(now[name], value) for name, value in stored.items())
    if isinstance(stored, list):
        return len(now) == len(stored) and all(map(keeps, now, stored))
    return bool(now == stored)


@pytest.mark.parametrize("name", EVERY)
def test_unknown_fields_are_ignored_on_reading(name):
    kind = EVENT_TYPES[name]
    plain = json.loads(codec.encode(example(kind.cls)))
    more = json.dumps(plain | {"from_a_later_build": {"x": 1}}).encode()
    assert codec.decode(name, kind.version, more) == example(kind.cls)


@pytest.mark.parametrize("name", EVERY)
def test_whoever_a_marked_value_belongs_to_is_named_by_the_event(name):
    assert key_owners(example(EVENT_TYPES[name].cls)) <= {FIXED[UUID]}


def test_version_1_of_acknowledged_is_read_through_its_upcaster():
    data = (GOLDEN / "intake.ComplaintAcknowledged.v1.json").read_bytes()
    assert b"automatic" not in data
    event = codec.decode("intake.ComplaintAcknowledged", 1, data)
    assert isinstance(event, ComplaintAcknowledged)
    assert event.automatic is False


@pytest.mark.parametrize(("name", "version"), [("intake.FromTheFuture", 1), ("intake.ComplaintClosed", 2)])
def test_an_unknown_type_or_newer_version_is_never_guessed_at(name, version):
    with pytest.raises(UnknownEvent):
        codec.decode(name, version, b"{}")


@given(st.text())
def test_bytes_are_canonical_or_refused(reason):
    event = ComplaintReopened(complaint_id=FIXED[UUID], reason=reason)
    try:
        data = codec.encode(event)
    except NotCanonical:
        assert "\x00" in reason or any("\ud800" <= c <= "\udfff" for c in reason)
        return
    assert "\x00" not in reason
    assert codec.decode("intake.ComplaintReopened", 1, data) == event
    assert list(json.loads(data)) == sorted(json.loads(data))
    assert b" " not in data.replace(json.dumps(reason, ensure_ascii=False).encode(), b"")


def test_the_committed_schemas_are_those_of_the_contracts():
    made = schemas()
    assert {p.name for p in SCHEMAS.glob("*.json")} >= set(made)
    for name, schema in made.items():
        assert json.loads((SCHEMAS / name).read_text()) == json.loads(json.dumps(schema)), f"{name}: run make schemas"


def test_a_schema_change_that_an_old_reader_could_not_take_is_named():
    old = schemas()["intake.ComplaintReopened.v1.json"]
    removed, retyped, required, added = (copy.deepcopy(old) for _ in range(4))
    del removed["properties"]["reason"]
    retyped["properties"]["reason"] = {"type": "integer"}
    required["properties"]["who"] = {"type": "string"}
    required["required"] = [*old["required"], "who"]
    added["properties"]["who"] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert list(breaks(old, removed)) == ["reason is gone"]
    assert list(breaks(old, retyped)) == ["reason has another type"]
    assert list(breaks(old, required)) == ["who has become required"]
    assert list(breaks(old, added)) == []
    assert list(breaks(old, old)) == []
