"""The decision tables that ship: what each row answers, and that the engine's own walk says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import zen
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.decision_table import AllMatches, FirstMatch
from tests.unit.adapters.tables import engine

SERVICES = Path(__file__).parents[3] / "services"
TRIAGE = (SERVICES / "intake/domain/triage/default_triage.json").read_text(encoding="utf-8")
RESPONSIBILITY = (SERVICES / "investigation/domain/responsibility/default_rules.json").read_text(encoding="utf-8")


def test_the_tables_that_ship_are_sound():
    FirstMatch().check(TRIAGE)
    AllMatches().check(RESPONSIBILITY)


def triage(**known):
    """A complaint of one unit of a known lot, with nothing else to say but this."""
    nothing = {"harm": "none", "quantity_affected": 1, "item_count": 1, "lots_known": True, "safety_defect": False}
    return FirstMatch().evaluate(TRIAGE, nothing | {"scenario": "", "channel": "phone"} | known)


TRIAGED = {
    "injury-many": ({"harm": "injury", "quantity_affected": 10}, "safety market urgent safety_market"),
    "injury": ({"harm": "injury", "quantity_affected": 9}, "safety lot urgent safety"),
    "safety-defect-many": ({"safety_defect": True, "quantity_affected": 10}, "safety multi_lot urgent safety"),
    "safety-defect": ({"safety_defect": True, "harm": "property"}, "safety lot urgent safety"),
    "property": ({"harm": "property", "quantity_affected": 500}, "critical lot high containment"),
    "many-lots": ({"quantity_affected": 100, "item_count": 2}, "critical multi_lot high containment"),
    "many": ({"quantity_affected": 100, "scenario": "transport"}, "critical lot high containment"),
    "transport": ({"quantity_affected": 99, "scenario": "transport"}, "minor single normal None"),
    "some-several": ({"quantity_affected": 10, "item_count": 2}, "major multi_lot high None"),
    "some": ({"quantity_affected": 99}, "major lot normal None"),
    "lot-unknown": ({"quantity_affected": 2, "lots_known": False}, "major lot normal None"),
    "single": ({"quantity_affected": 1, "lots_known": False}, "minor single normal None"),
}
"""Row: what is known, and severity, scope, priority and response plan that follow."""


@pytest.mark.parametrize("expected", TRIAGED)
def test_the_default_triage_row_by_row(expected):
    known, answer = TRIAGED[expected]
    found = triage(**known)
    said = " ".join(str(found.outputs[name]) for name in ("severity", "scope", "priority", "response_plan"))
    assert (found.row, said) == (expected, answer)
    assert found.outputs["why_zh"]
    assert found.outputs["why_en"]


def test_the_default_triage_is_tested_in_every_row():
    assert [row.row for row in FirstMatch().table(TRIAGE).rows] == list(TRIAGED)


@given(
    harm=st.sampled_from(["none", "property", "injury"]),
    safety_defect=st.booleans(),
    quantity_affected=st.integers(1, 200),
    item_count=st.integers(1, 3),
    lots_known=st.booleans(),
    scenario=st.sampled_from(["", "storage", "transport"]),
)
def test_our_walk_agrees_with_the_engines_on_the_default_triage(**asked):
    inputs = {**asked, "channel": "phone"}
    ours = FirstMatch().evaluate(TRIAGE, inputs)
    matched, said = engine(TRIAGE, inputs)
    assert ours.row == matched
    assert {name: value for name, value in ours.outputs.items() if value is not None} == said


@given(
    leg=st.sampled_from(["occurrence", "escape", "systemic"]),
    boundary=st.sampled_from(["inside", "supplier", "carrier", "dealer", "customer_use", "external"]),
    category=st.sampled_from(["man", "machine", "material", "method", "environment", "measurement"]),
)
def test_our_walk_agrees_with_the_engines_on_the_default_responsibility(**inputs):
    found = zen.ZenEngine().create_decision(RESPONSIBILITY).evaluate(inputs)["result"]
    assert AllMatches().rows(RESPONSIBILITY, inputs) == found
