"""What is refused before it is published: each trap of the engine is shown first where it has one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.decision_document import MAX_CELL
from shared.adapters.decision_errors import (
    MAX_PROBLEMS,
    TableInvalid,
)
from shared.adapters.decision_table import AllMatches, FirstMatch
from tests.unit.adapters.tables import HURT, INJURED, MANY, NOT_HURT, REST, engine, jdm, refusal, row, wrong


@pytest.mark.parametrize("cell", ["$ + 1", "len($)", "upper($)", "[10..1]", "(5..5]"])
def test_a_condition_that_is_never_met_is_refused_where_the_engine_takes_it(cell):
    document = jdm(row("never", quantity=cell), REST)
    assert engine(document, {"harm": "none", "quantity": 5})[0] != "never"
    assert wrong(document).where == "never, quantity"


def test_a_column_compares_with_one_kind():
    mixed = jdm(MANY, row("ten", quantity='"10"'), row("unknown", quantity="null"), REST)
    assert engine(mixed, {"harm": "none", "quantity": 10})[0] == "rest"
    assert (wrong(mixed).where, wrong(mixed).zh) == ("ten, quantity", "该列混用了数、文本")


def test_every_problem_is_listed_at_once_in_both_languages():
    refused = refusal(jdm(row("a", "injury", "> > 1"), row("b", severity="minor")))
    assert [problem.where for problem in refused.problems] == ["a, harm", "a, quantity", "b, severity"]
    assert refused.text("en").startswith(
        "The decision table is not valid: a, harm: unknown word injury (quote texts); a, quantity: not a condition"
    )
    assert refused.text("zh").startswith("决策表无效：a, harm：不认识 injury（文本要加引号）；a, quantity：不是条件")
    assert refused.facts["problems"][0] == (
        "a, harm",
        "不认识 injury（文本要加引号）",
        "unknown word injury (quote texts)",
    )
    assert len(refusal(jdm(*(row(f"r{n}", "x") for n in range(200)))).problems) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("earlier", "later", "hidden"),
    [
        (row("a"), row("b", '"injury"'), True),
        (row("a", '"injury", "property"'), row("b", '"property"'), True),
        (row("a", "'injury'"), row("b", '"injury"', "> 5"), True),
        (row("a", quantity="> 10"), row("b", quantity=">= 11"), True),
        (row("a", quantity=">= 10"), row("b", quantity="10, 11.5"), True),
        (row("a", quantity="[1..10]"), row("b", quantity="(1..10)"), True),
        (row("a", "startsWith($, 'i')"), row("b", "startsWith($, 'i')", "1"), True),
        (row("a", quantity="> 10"), row("b", quantity=">= 10"), False),
        (row("a", quantity="> 10"), row("b", quantity="10"), False),
        (row("a", quantity="(1..10]"), row("b", quantity="[1..10]"), False),
        (row("a", '"injury"'), row("b", '"injury", "property"'), False),
        (row("a", '"injury"', "> 5"), row("b", '"injury"'), False),
        (row("a", "startsWith($, 'i')"), row("b", "startsWith($, 'in')"), False),
    ],
)
def test_a_row_that_an_earlier_one_hides_is_named(earlier, later, hidden):
    last = () if not earlier["harm"] + earlier["quantity"] else (REST,)
    document = jdm(earlier, later, *last)
    if hidden:
        assert wrong(document).where == "b"
        assert wrong(document).en == "it never matches: a comes first and takes it all"
    else:
        FirstMatch().check(document)


@given(
    cells=st.lists(
        st.sampled_from(["", "1", "2, 3", "> 1", ">= 1", "< 3", "<= 3", "[1..3]", "(1..3)", "[2..3)"]),
        min_size=2,
        max_size=2,
    ),
    quantity=st.sampled_from([Decimal(n) / 2 for n in range(9)]),
)
def test_what_is_called_hidden_never_matches(cells, quantity):
    document = jdm(row("a", quantity=cells[0]), row("b", quantity=cells[1]), REST)
    try:
        FirstMatch().check(document)
    except TableInvalid as refused:
        hidden = {problem.where for problem in refused.problems}
        assert FirstMatch().evaluate(document, {"harm": "none", "quantity": quantity}).row not in hidden


def test_a_table_without_a_row_that_takes_the_rest_is_refused():
    assert (wrong(jdm(HURT, MANY)).where, wrong(jdm(HURT, MANY)).zh) == ("many", "其后缺少条件全空的兜底行")
    AllMatches().check(jdm(HURT, MANY, hit="collect"))


def test_a_collecting_table_says_nothing_twice():
    again, other = row("again", '"injury"', severity='"safety"'), row("other", '"injury"', severity='"major"')
    assert wrong(jdm(HURT, other, again, hit="collect"), AllMatches).where == "again"
    AllMatches().check(jdm(HURT, other, hit="collect"))
    AllMatches().check(jdm(row("one", severity="1"), row("yes", severity="true"), hit="collect"))


def test_a_broken_condition_is_refused_where_the_engine_matches_nothing():
    broken = jdm(row("broken", quantity="> > 10"), REST)
    assert engine(broken, NOT_HURT)[0] == "rest"
    assert wrong(broken).where == "broken, quantity"


def test_a_condition_without_quotes_is_refused_where_the_engine_matches_nothing():
    unquoted = jdm(row("hurt", "injury"), REST)
    assert engine(unquoted, INJURED)[0] == "rest"
    assert wrong(unquoted).en == "unknown word injury (quote texts)"
    assert FirstMatch().evaluate(jdm(row("r", '"injury" or $ == "property"')), INJURED).row == "r"
    assert FirstMatch().evaluate(jdm(row("r", "startsWith($, 'inj') and quantity < 2")), INJURED).row == "r"


def test_an_output_without_quotes_is_refused_where_the_engine_says_nothing():
    unquoted = jdm(row("rest", severity="minor"))
    assert engine(unquoted, INJURED) == ("rest", {})
    assert wrong(unquoted).where == "rest, severity"


@pytest.mark.parametrize("cell", ["", "1.5", "[1]", '{"a": 1}', "'minor'", "1 + 1", '"a'])
def test_an_output_is_a_literal(cell):
    assert wrong(jdm(row("rest", severity=cell))).where == "rest, severity"


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
        (jdm(REST, nodes=[{"id": "in2", "type": "inputNode"}]), "inputNode"),
        (jdm(REST, nodes=[{"id": str(n), "type": "outputNode"} for n in (1, 2)]), "outputNode"),
        (jdm({"severity": '"minor"'}), "rules[0]"),
        (jdm(row("rest", sevrity='"major"')), "rest"),
        (jdm(row("rest", harm='"' + "a" * MAX_CELL + '"')), "rest, harm"),
        (jdm(REST, inputs=("harm", "harm", "quantity")), "harm"),
        (jdm(REST, inputs=("harm", "quantity", "a b")), "a b"),
    ],
)
def test_what_is_no_table_is_refused_and_where_it_is_wrong(document, where):
    assert refusal(document).problems[0].where == where


def test_a_collecting_table_needs_that_hit_policy():
    assert wrong(jdm(REST), AllMatches).where == "hitPolicy"
