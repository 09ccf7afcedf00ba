"""Asking decision tables: each trap of the engine is shown first, then that ours says so instead."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shared.adapters.decision_errors import (
    CellFails,
    InputMissing,
    InputMistyped,
    NoRowMatches,
)
from shared.adapters.decision_table import AllMatches, FirstMatch
from tests.unit.adapters.tables import HURT, INJURED, MANY, NOT_HURT, REST, engine, jdm, row


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
    with pytest.raises(InputMistyped) as refused:
        FirstMatch().evaluate(jdm(MANY, REST), inputs)
    assert refused.value.text("en") == "The decision table's input quantity is to be number, it can't be 'twelve'"
    assert refused.value.text("zh") == "决策表的输入 quantity 应为数，不能是 'twelve'"


@pytest.mark.parametrize(
    ("cell", "value"),
    [('"injury"', 5), ('"injury"', True), ("true", "true"), ("true", 1), ("5", "5"), ("1", True), ('"a"', None)],
)
def test_equality_with_another_kind_is_an_error_where_the_engine_falls_through(cell, value):
    document = jdm(row("asks", cell), REST)
    assert engine(document, {"harm": value, "quantity": 1})[0] == "rest"
    with pytest.raises(InputMistyped):
        FirstMatch().evaluate(document, {"harm": value, "quantity": 1})


def test_a_mistyped_input_is_an_error_even_where_an_earlier_row_would_have_decided():
    with pytest.raises(InputMistyped):
        FirstMatch().evaluate(jdm(HURT, MANY, REST), {"harm": "injury", "quantity": "twelve"})


def test_nothing_is_a_value_where_the_table_asks_for_it():
    document = jdm(row("unknown", "null"), row("known", '"injury"'), REST)
    assert FirstMatch().evaluate(document, {"harm": None, "quantity": 1}).row == "unknown"
    assert FirstMatch().evaluate(document, INJURED).row == "known"


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), 2**63, Decimal("NaN"), 1.5, b"x", [1], {}])
def test_what_the_engine_cant_be_handed_is_mistyped(value):
    with pytest.raises(InputMistyped):
        FirstMatch().evaluate(jdm(REST), {"harm": "none", "quantity": value})


def test_inputs_that_no_column_asks_for_stay_away_from_the_engine():
    asked = INJURED | {"received_at": datetime(2026, 1, 1, tzinfo=UTC)}
    assert FirstMatch().evaluate(jdm(HURT, REST), asked).row == "hurt"


def test_a_computing_cell_that_fails_is_an_error_where_the_engine_falls_through():
    document = jdm(row("starts", "startsWith($, 'inj')"), REST)
    assert engine(document, {"harm": 5, "quantity": 1})[0] == "rest"
    with pytest.raises(CellFails) as refused:
        FirstMatch().evaluate(document, {"harm": 5, "quantity": 1})
    assert refused.value.facts == {"row": "starts", "name": "harm", "value": "5"}


@pytest.mark.parametrize(("cell", "said"), [('"重大"', "重大"), ("80", 80), ("null", None), ("true", True)])
def test_literals(cell, said):
    assert FirstMatch().evaluate(jdm(row("rest", severity=cell)), NOT_HURT).outputs == {"severity": said}


def test_the_engine_is_loaded_only_when_a_table_is_asked():
    ask = "import sys, shared.adapters.decision_table; sys.exit('zen' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], cwd=Path(__file__).parents[3], check=False).returncode == 0
