"""A cell says what it always will, at once: no loop, no chance, no date; a panic of the engine is an error."""

from __future__ import annotations

import pytest

from shared.adapters.decision_language import EngineFailed, NotAllowed, asked, check
from tests.unit.adapters.tables import REST, jdm, row, wrong

KNOWN = frozenset({"harm", "quantity"})


class PanicException(BaseException):
    """As Rust's panics come to Python."""


@pytest.mark.parametrize(
    "cell",
    [
        "all([1..100000], all([1..100000], true))",
        "some(quantity, # > 1)",
        "count([1..9999999], true) > 1",
        "sum(map([1..9], # * 2)) > 1",
        "rand(-5) == 1",
        "rand(6) > 3",
        "date('now') > 1",
        "d() > 1",
        "quantity ^ 9 ^ 9 > 1",
        "`x${quantity}` == 'x'",
        "quantity ? true : false",
        "harm.x == 1",
        "len([1..1000000000]) > 1",
        "contains([1..1000000000], 3)",
        "len(([1..1000000000])) > 1",
        "quantity; 1",
    ],
)
def test_what_could_run_on_change_or_isnt_listed_is_refused_before_the_engine_sees_it(cell):
    with pytest.raises(NotAllowed) as refused:
        check(cell, KNOWN)
    assert refused.value.zh != refused.value.en
    assert wrong(jdm(row("busy", quantity=cell), REST)).where == "busy, quantity"


@pytest.mark.parametrize(
    "cell",
    [
        '"injury", "property"',
        "> 10",
        "[1..10)",
        "not in [1, 2, 3]",
        "$ in [1..10] and harm == 'none'",
        "len($) > 3 or startsWith(lower($), 'lot..')",
        "abs($ - quantity) / 2 <= 1.5",
        "matches($, '[A-Z]{3}')",
        "-5.25",
    ],
)
def test_comparisons_lists_intervals_arithmetic_and_functions_are_allowed(cell):
    check(cell, KNOWN)


def test_a_panic_of_the_engine_is_an_error_and_nothing_else_is_caught():
    def panics():
        raise PanicException("index out of range")

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(EngineFailed):
        asked(panics)
    with pytest.raises(KeyboardInterrupt):
        asked(interrupted)
    assert asked(lambda: 5) == 5
