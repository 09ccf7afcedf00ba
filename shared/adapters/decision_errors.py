"""What can be wrong with a published decision table, or with asking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.kernel.errors import Invalid, Refused


@dataclass(eq=False, kw_only=True)
class TableInvalid(Invalid):
    """`where` names the row and column, `problem_*` what is wrong there."""

    field: ClassVar[str | None] = "document"
    zh: ClassVar[str] = "决策表 {where}：{problem_zh}"
    en: ClassVar[str] = "Decision table, {where}: {problem_en}"
    where: str
    problem_zh: str
    problem_en: str


@dataclass(eq=False, kw_only=True)
class InputMissing(Refused):
    """The published table asks for what isn't known here."""

    zh: ClassVar[str] = "决策表需要输入 {name}，但没有提供"
    en: ClassVar[str] = "The decision table asks for {name}, which was not given"
    name: str


@dataclass(eq=False, kw_only=True)
class CellFails(Refused):
    """A cell can't be held against this value: a text where the table compares numbers, for example."""

    zh: ClassVar[str] = "决策表第 {row} 行的条件 {name} 不能用于值 {value}"
    en: ClassVar[str] = "Decision table, row {row}: the condition on {name} can't be held against {value}"
    row: str
    name: str
    value: str


@dataclass(eq=False, kw_only=True)
class NoRowMatches(Refused):
    zh: ClassVar[str] = "决策表没有一行适用于：{inputs}"
    en: ClassVar[str] = "No row of the decision table fits: {inputs}"
    inputs: str
