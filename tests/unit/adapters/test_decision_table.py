"""Decision tables: each trap of the engine is shown first, then that ours says so instead."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import zen
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.decision_errors import CellFails, InputMissing, NoRowMatches, TableInvalid
from shared.adapters.decision_table import MAX_CELL, AllMatches, FirstMatch

SERVICES = Path(__file__).parents[3] / "services"
TRIAGE = (SERVICES / "intake/domain/triage/default_triage.json").read_text(encoding="utf-8")
RESPONSIBILITY = (SERVICES / "investigation/domain/responsibility/default_rules.json").read_text(encoding="utf-8")
INJURED = {"harm": "injury", "quantity": 1}
NOT_HURT = {"harm": "none", "quantity": 1}


def row(id_, harm="", quantity="", severity='"minor"', **more):
    return {"_id": id_, "harm": harm, "quantity": quantity, "severity": severity, **more}


HURT = row("hurt", '"injury"', severity='"safety"')
MANY = row("many", quantity="> 10", severity='"major"')
REST = row("rest")


def jdm(*rules, hit="first", nodes=(), inputs=("harm", "quantity"), outputs=("severity",)):
    content = {
        "hitPolicy": hit,
        "inputs": [{"id": name, "name": name, "field": name} for name in inputs],
        "outputs": [{"id": name, "name": name, "field": name} for name in outputs],
        "rules": list(rules),
    }
    all_nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": content},
        *nodes,
    ]
    edges = [{"id": "e", "sourceId": "in", "targetId": "table", "type": "edge"}]
    return json.dumps({"nodes": all_nodes, "edges": edges})


def engine(document, inputs):
    """What zen-engine itself makes of it: the row that matched, and the result."""
    found = zen.ZenEngine().create_decision(document).evaluate(inputs, {"trace": True})
    data = found["trace"]["table"]["traceData"]
    return data["rule"]["_id"] if data else None, found["result"]


def wrong(document, table=FirstMatch):
    with pytest.raises(TableInvalid) as refused:
        table().check(document)
    return refused.value


def test_the_first_row_that_fits_decides_and_says_which_it_was():
    found = FirstMatch().evaluate(jdm(HURT, MANY, REST), {"harm": "none", "quantity": Decimal("10.5")})
    assert (found.row, found.outputs) == ("many", {"severity": "major"})


def test_collect_lets_every_row_that_fits_have_its_say_in_row_order():
    document = jdm(HURT, MANY, REST, hit="collect")
    assert AllMatches().rows(document, {"harm": "injury", "quantity": 3}) == [
        {"severity": "safety"},
        {"severity": "minor"},
    ]
    assert AllMatches().rows(jdm(HURT, hit="collect"), NOT_HURT) == []


def test_no_match_is_an_error_not_an_empty_answer():
    assert engine(jdm(HURT), NOT_HURT) == (None, {})
    with pytest.raises(NoRowMatches) as refused:
        FirstMatch().evaluate(jdm(HURT), NOT_HURT)
    assert refused.value.text("zh") == "决策表没有一行适用于：harm=none, quantity=1"


def test_a_missing_input_is_an_error_where_the_engine_falls_through():
    assert engine(jdm(HURT, MANY, REST), {"harm": "none"})[0] == "rest"
    with pytest.raises(InputMissing) as refused:
        FirstMatch().evaluate(jdm(HURT, MANY, REST), {"harm": "none"})
    assert refused.value.name == "quantity"


def test_a_mistyped_input_is_an_error_where_the_engine_falls_through():
    inputs = {"harm": "none", "quantity": "twelve"}
    assert engine(jdm(MANY, REST), inputs)[0] == "rest"
    with pytest.raises(CellFails) as refused:
        FirstMatch().evaluate(jdm(MANY, REST), inputs)
    assert refused.value.facts == {"row": "many", "name": "quantity", "value": "twelve"}


def test_a_broken_condition_is_refused_where_the_engine_matches_nothing():
    broken = jdm(row("broken", quantity="> > 10"), REST)
    assert engine(broken, NOT_HURT)[0] == "rest"
    assert wrong(broken).where == "broken, quantity"


def test_a_condition_without_quotes_is_refused_where_the_engine_matches_nothing():
    unquoted = jdm(row("hurt", "injury"), REST)
    assert engine(unquoted, INJURED)[0] == "rest"
    assert wrong(unquoted).problem_en == "unknown word injury (quote texts)"
    assert FirstMatch().evaluate(jdm(row("r", '"injury" or $ == "property"')), INJURED).row == "r"
    assert FirstMatch().evaluate(jdm(row("r", "startsWith($, 'inj') and quantity < 2")), INJURED).row == "r"


def test_an_output_without_quotes_is_refused_where_the_engine_says_nothing():
    unquoted = jdm(row("rest", severity="minor"))
    assert engine(unquoted, INJURED) == ("rest", {})
    assert wrong(unquoted).where == "rest, severity"


@pytest.mark.parametrize("cell", ["", "1.5", "[1]", '{"a": 1}', "'minor'", "1 + 1", '"a'])
def test_an_output_is_a_literal(cell):
    assert wrong(jdm(row("rest", severity=cell))).where == "rest, severity"


@pytest.mark.parametrize(("cell", "said"), [('"重大"', "重大"), ("80", 80), ("null", None), ("true", True)])
def test_literals(cell, said):
    assert FirstMatch().evaluate(jdm(row("rest", severity=cell)), NOT_HURT).outputs == {"severity": said}


@pytest.mark.parametrize("kind", ["functionNode", "decisionNode", "switchNode", "expressionNode", "customNode"])
def test_functions_and_every_other_node_are_refused(kind):
    assert wrong(jdm(REST, nodes=[{"id": "x", "type": kind, "name": "x", "content": ""}])).where == kind


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ("", "JSON"),
        ("[]", "JSON"),
        ('{"nodes": []}', "nodes"),
        ("[" * 100_000, "JSON"),
        ('{"nodes": [], "x": "' + "a" * 300_000 + '"}', "JSON"),
        (jdm(), "rules"),
        (jdm(REST, outputs=()), "rules"),
        (jdm(REST, hit="collect"), "hitPolicy"),
        (jdm(REST, REST), "rest"),
        (jdm({"severity": '"minor"'}), "rules[0]"),
        (jdm(row("rest", sevrity='"major"')), "rest"),
        (jdm(row("rest", harm='"' + "a" * MAX_CELL + '"')), "rest, harm"),
        (jdm(REST, inputs=("harm", "harm", "quantity")), "harm"),
        (jdm(REST, inputs=("harm", "quantity", "a b")), "a b"),
    ],
)
def test_what_is_no_table_is_refused_and_where_it_is_wrong(document, where):
    assert wrong(document).where == where


def test_a_collecting_table_needs_that_hit_policy():
    assert wrong(jdm(REST), AllMatches).where == "hitPolicy"


def test_the_tables_that_ship_are_sound():
    FirstMatch().check(TRIAGE)
    AllMatches().check(RESPONSIBILITY)


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
