"""Cells of a decision table, in zen-engine's expression language.

Simple cells (literals with commas between them, one comparison, one interval, or nothing) are understood here too:
which kind of value they compare with, and which values they let through. Anything else computes, and only the engine
knows what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Literal, Protocol, TypeAlias

import msgspec

from shared.adapters.decision_language import EngineFailed, NotAllowed, asked, check

Kind = Literal["text", "number", "truth", "null"]
KINDS_ZH: Mapping[Kind, str] = {"text": "文本", "number": "数", "truth": "真假值", "null": "空值"}

_NUMBER = r"-?\d+(?:\.\d+)?"
_LITERAL = re.compile(rf"""(?P<text>"[^"]*"|'[^']*')|(?P<number>{_NUMBER})|(?P<truth>true|false)|(?P<null>null)""")
_COMMA = re.compile(r"\s*,\s*")
_COMPARISON = re.compile(rf"(?P<sign><=|>=|<|>)\s*(?P<number>{_NUMBER})")
_INTERVAL = re.compile(rf"(?P<left>[\[(])\s*(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})\s*(?P<right>[\])])")


@dataclass(frozen=True, slots=True)
class Points:
    """Some values, each with its kind: to the engine neither "5" nor true is 5."""

    values: frozenset[tuple[Kind, object]]

    def holds(self, other: Region) -> bool:
        return isinstance(other, Points) and other.values <= self.values


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers between two bounds, each (value, 0) where it belongs to them, else (value, ±1) just beside it."""

    low: tuple[Decimal, int]
    high: tuple[Decimal, int]

    @property
    def is_empty(self) -> bool:
        return self.low > self.high

    def holds(self, other: Region) -> bool:
        if isinstance(other, Span):
            return self.low <= other.low and other.high <= self.high
        return all(isinstance(value, Decimal) and self.low <= (value, 0) <= self.high for _kind, value in other.values)


Region: TypeAlias = Points | Span


class Expression(Protocol):
    """A cell as the engine compiled it."""

    def evaluate(self, context: dict[str, object]) -> object: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """One input cell that says something: `value` of the input `name` goes in as `$`. `region` where it is simple."""

    name: str
    source: str
    region: Region | None
    compiled: Expression

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it compares with; empty where it computes."""
        if isinstance(self.region, Points):
            return frozenset(kind for kind, _value in self.region.values)
        return frozenset() if self.region is None else frozenset({"number"})

    def covers(self, other: Condition) -> bool:
        """Certainly lets through all that the other does."""
        if self.source == other.source:
            return True
        return self.region is not None and other.region is not None and self.region.holds(other.region)


@dataclass(eq=False)
class NotACell(Exception):
    """What is wrong with one cell."""

    zh: str
    en: str


def condition(name: str, cell: str, known: frozenset[str]) -> Condition:
    """Raises NotACell."""
    try:
        check(cell, known)
    except NotAllowed as refused:
        raise NotACell(refused.zh, refused.en) from None
    compiled = _compiled_unary(cell)
    region = _region(cell)
    if compiled is None:
        raise NotACell(f"不是条件：{cell}", f"not a condition: {cell}")
    if isinstance(region, Span) and region.is_empty:
        raise NotACell(f"区间 {cell} 为空，永远不会匹配", f"{cell} holds no number: it never matches")
    if region is None and ("$" in cell or "(" in cell) and _says_no_truth(cell, known):
        raise NotACell(f"{cell} 的结果不是真假值，永远不会匹配", f"{cell} doesn't say true or false: it never matches")
    return Condition(name, cell, region, compiled)


def output(cell: str) -> bool | int | str | None:
    """A JSON literal: of an expression that fails, a text without quotes above all, the engine says nothing.

    Raises NotACell.
    """
    try:
        said: bool | int | str | None = msgspec.json.decode(cell, type=bool | int | str | None)
    except ValueError:
        zh = f"输出 {cell or '（空）'} 应为文本（加双引号）、整数、true、false 或 null"
        en = f"output {cell or '(empty)'} should be a text in double quotes, a whole number, true, false or null"
        raise NotACell(zh, en) from None
    return said


def _region(cell: str) -> Region | None:
    if match := _COMPARISON.fullmatch(cell):
        return _half(match["sign"], Decimal(match["number"]))
    if match := _INTERVAL.fullmatch(cell):
        low = (Decimal(match["low"]), 0 if match["left"] == "[" else 1)
        return Span(low, (Decimal(match["high"]), 0 if match["right"] == "]" else -1))
    values: set[tuple[Kind, object]] = set()
    at = 0
    while match := _LITERAL.match(cell, at):
        values.add(_literal(match))
        if match.end() == len(cell):
            return Points(frozenset(values))
        if not (comma := _COMMA.match(cell, match.end())):
            return None
        at = comma.end()
    return None


def _half(sign: str, bound: Decimal) -> Span:
    if sign.startswith("<"):
        return Span((Decimal("-Infinity"), 0), (bound, 0 if sign == "<=" else -1))
    return Span((bound, 0 if sign == ">=" else 1), (Decimal("Infinity"), 0))


def _literal(match: re.Match[str]) -> tuple[Kind, object]:
    if match["text"]:
        return "text", match["text"][1:-1]
    if match["number"]:
        return "number", Decimal(match["number"])
    return ("truth", match["truth"]) if match["truth"] else ("null", None)


def _compiled_unary(cell: str) -> Expression | None:
    import zen  # noqa: PLC0415 - the engine is loaded by what asks a table, not by every process

    try:
        compiled: Expression = asked(lambda: zen.compile_unary_expression(cell))
    except EngineFailed:
        return None
    return compiled


def _says_no_truth(cell: str, known: frozenset[str]) -> bool:
    """`len($)` or `$ + 1` would be compared with the value itself. Tried on a text, a number, a truth and a list."""
    import zen  # noqa: PLC0415 - as above

    answers = []
    for sample in ("", 1, True, ["x"]):
        context: dict[str, object] = dict.fromkeys((*known, "$"), sample)
        try:
            answers.append(asked(partial(_evaluated, zen.compile_expression, cell, context)))
        except EngineFailed:
            continue
    return bool(answers) and not any(isinstance(answer, bool) for answer in answers)


def _evaluated(compile_expression: Callable[[str], Expression], cell: str, context: dict[str, object]) -> object:
    return compile_expression(cell).evaluate(context)
