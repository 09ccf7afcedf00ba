"""Published decision tables: JDM documents, their cells in zen-engine's expression language.

The engine's own table walk takes a broken, unquoted or mistyped cell for "doesn't match" and goes on to the next row.
So we compile every cell ourselves, refuse what can't be right before it is published, and walk the rows: an input of
the wrong kind, a cell that can't be evaluated and no match are errors. Tests hold the walk against the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from shared.adapters import decision_cells, decision_document, decision_reach
from shared.adapters.decision_cells import KINDS_ZH, Condition, Kind, NotACell
from shared.adapters.decision_errors import CellFails, Findings, InputMissing, InputMistyped, NoRowMatches
from shared.adapters.decision_language import EngineFailed, asked

HitPolicy = Literal["first", "collect"]
Value = str | int | bool | Decimal | Sequence[str] | None

_INTEGERS = range(-(2**63), 2**63)
"""What the engine can be handed."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """`row` is the id that events cite, `outputs` what it says (texts, whole numbers, truth values, None)."""

    row: str
    outputs: Mapping[str, object]
    conditions: Mapping[str, Condition]

    def fits(self, inputs: dict[str, object]) -> bool:
        """Raises CellFails. Conditions are asked from left to right, until one is not met."""
        return all(self._met(condition, inputs) for condition in self.conditions.values())

    def _met(self, condition: Condition, inputs: dict[str, object]) -> bool:
        value = inputs[condition.name]
        try:
            answer = asked(lambda: condition.compiled.evaluate({**inputs, "$": value}))
        except EngineFailed:
            answer = None
        if not isinstance(answer, bool):
            raise CellFails(row=self.row, name=condition.name, value=str(value))
        return answer


@dataclass(frozen=True, slots=True)
class Table:
    """A checked document. `inputs` are the names that it asks for, `kinds` what their columns compare with."""

    hit_policy: HitPolicy
    inputs: frozenset[str]
    kinds: Mapping[str, frozenset[Kind]]
    rows: tuple[TableRow, ...]

    def fitting(self, inputs: Mapping[str, Value]) -> Iterator[TableRow]:
        """Rows that fit, every input checked before. Raises InputMissing, InputMistyped, CellFails."""
        known = {name: self._known(name, inputs) for name in sorted(self.inputs)}
        return (row for row in self.rows if row.fits(known))

    def _known(self, name: str, inputs: Mapping[str, Value]) -> object:
        """The engine takes no Decimal; nothing of what it computes is stored."""
        if name not in inputs:
            raise InputMissing(name=name)
        value, wanted = inputs[name], self.kinds[name]
        kind = _kind(value)
        if kind is None or (wanted and kind not in wanted):
            zh, en = _named(wanted or frozenset({"text", "number", "truth"}))
            raise InputMistyped(name=name, value=repr(value)[:100], wanted_zh=zh, wanted_en=en)
        return float(value) if isinstance(value, Decimal) else value


class FirstMatch:
    """Tables of hit policy *first*: the first row that fits decides."""

    def check(self, document: str) -> None:
        """Raises TableInvalid, also for a row that nothing comes to, and where no row takes the rest."""
        self.table(document)

    def table(self, document: str) -> Table:
        """What it asks for and every answer it can give. Raises as `check`."""
        table = compiled(document, "first")
        found = Findings()
        decision_reach.check_first([(row.row, row.conditions) for row in table.rows], found)
        found.settle()
        return table

    def evaluate(self, document: str, inputs: Mapping[str, Value]) -> TableRow:
        """Raises NoRowMatches, InputMissing, InputMistyped, CellFails, TableInvalid."""
        for row in compiled(document, "first").fitting(inputs):
            return row
        raise NoRowMatches(inputs=", ".join(f"{name}={value}" for name, value in sorted(inputs.items())))


class AllMatches:
    """Tables of hit policy *collect*: every row that fits has its say, in row order; none is an answer too."""

    def check(self, document: str) -> tuple[frozenset[str], Sequence[tuple[str, Mapping[str, object]]]]:
        """The inputs that it asks for, and each row (id, outputs). Raises TableInvalid, also if a row stands twice."""
        table = compiled(document, "collect")
        found = Findings()
        decision_reach.check_collect([(row.row, row.conditions, row.outputs) for row in table.rows], found)
        found.settle()
        return table.inputs, [(row.row, row.outputs) for row in table.rows]

    def rows(self, document: str, inputs: Mapping[str, Value]) -> Sequence[Mapping[str, object]]:
        """The outputs of each row that fits. Raises InputMissing, InputMistyped, CellFails, TableInvalid."""
        return [row.outputs for row in compiled(document, "collect").fitting(inputs)]


@lru_cache(maxsize=256)
def compiled(document: str, hit_policy: HitPolicy) -> Table:
    """The table of a document, every cell compiled. Raises TableInvalid with all that is wrong."""
    content = decision_document.read(document, hit_policy)
    found = Findings()
    known = frozenset(column.field for column in content.inputs)
    rows = tuple(_row(content, cells, known, found) for cells in content.rules)
    kinds = {name: _column_kinds(name, rows, found) for name in sorted(known)}
    found.settle()
    return Table(hit_policy, known, kinds, rows)


def _row(
    content: decision_document.Content, cells: Mapping[str, str], known: frozenset[str], found: Findings
) -> TableRow:
    row = cells["_id"]
    conditions: dict[str, Condition] = {}
    outputs: dict[str, object] = {}
    for column in content.inputs:
        if cell := cells.get(column.id, "").strip():
            try:
                conditions[column.field] = decision_cells.condition(column.field, cell, known)
            except NotACell as problem:
                found.wrong(f"{row}, {column.field}", problem.zh, problem.en)
    for column in content.outputs:
        try:
            outputs[column.field] = decision_cells.output(cells.get(column.id, ""))
        except NotACell as problem:
            found.wrong(f"{row}, {column.field}", problem.zh, problem.en)
    return TableRow(row, outputs, conditions)


def _column_kinds(name: str, rows: Sequence[TableRow], found: Findings) -> frozenset[Kind]:
    """One kind a column, null aside: in a column of numbers "5" is a mistake, and would match no number."""
    kinds: frozenset[Kind] = frozenset()
    for row in rows:
        here = row.conditions[name].kinds if name in row.conditions else frozenset()
        if len((kinds | here) - {"null"}) > 1:
            zh, en = _named(kinds | here)
            found.wrong(f"{row.row}, {name}", f"该列混用了{zh}", f"the column mixes {en}")
        else:
            kinds |= here
    return frozenset() if kinds == {"null"} else kinds


def _named(kinds: frozenset[Kind]) -> tuple[str, str]:
    return "、".join(KINDS_ZH[kind] for kind in sorted(kinds)), ", ".join(sorted(kinds))


def _kind(value: Value) -> Kind | Literal["list"] | None:
    """None for what the engine can't be handed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        return "number" if value in _INTEGERS else None
    if isinstance(value, Decimal):
        return "number" if value.is_finite() else None
    return "list" if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value) else None
