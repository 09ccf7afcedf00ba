"""What can be wrong with a published decision table, or with asking it.

Invalid
└── TableInvalid            a document, with every TableProblem in it
Refused
├── InputMissing · InputMistyped    what is asked doesn't suit the table
├── CellFails               one condition can't be held against its value
└── NoRowMatches            the table has no answer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.kernel.errors import Invalid, Refused

MAX_PROBLEMS = 50
"""Problems listed at a time: more of them are one mistake made again and again."""


@dataclass(frozen=True, slots=True)
class TableProblem:
    """`where` names the row, and after a comma the column."""

    where: str
    zh: str
    en: str


@dataclass(eq=False, kw_only=True)
class TableInvalid(Invalid):
    """All that is wrong with a document, in the order of its rows."""

    field: ClassVar[str | None] = "document"
    problems: tuple[TableProblem, ...]

    @property
    def facts(self) -> dict[str, object]:
        return {"problems": tuple((p.where, p.zh, p.en) for p in self.problems)}

    def text(self, language: str) -> str:
        if language.startswith("zh"):
            return "决策表无效：" + "；".join(f"{p.where}：{p.zh}" for p in self.problems)
        return "The decision table is not valid: " + "; ".join(f"{p.where}: {p.en}" for p in self.problems)


class Findings:
    """Problems as they are found; `settle` raises them together."""

    def __init__(self) -> None:
        self._problems: list[TableProblem] = []

    def wrong(self, where: str, zh: str, en: str) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(TableProblem(where, zh, en))

    def settle(self) -> None:
        """Raises TableInvalid where something was found."""
        if self._problems:
            raise TableInvalid(problems=tuple(self._problems))


@dataclass(eq=False, kw_only=True)
class InputMissing(Refused):
    """The published table asks for what isn't known here."""

    zh: ClassVar[str] = "决策表需要输入 {name}，但没有提供"
    en: ClassVar[str] = "The decision table asks for {name}, which was not given"
    name: str


@dataclass(eq=False, kw_only=True)
class InputMistyped(Refused):
    """`wanted_*` names what the column's cells compare with."""

    zh: ClassVar[str] = "决策表的输入 {name} 应为{wanted_zh}，不能是 {value}"
    en: ClassVar[str] = "The decision table's input {name} is to be {wanted_en}, it can't be {value}"
    name: str
    value: str
    wanted_zh: str
    wanted_en: str


@dataclass(eq=False, kw_only=True)
class CellFails(Refused):
    """A computing cell can't be held against this value: a function that takes texts only, for example."""

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
