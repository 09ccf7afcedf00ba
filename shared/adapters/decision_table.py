"""Published decision tables: JDM documents, their cells in zen-engine's expression language.

The engine's own table walk takes a broken, unquoted or mistyped cell for "doesn't match" and goes on to the next row.
So we compile every cell ourselves, refuse what can't be right before it is published, and walk the rows: a cell that
can't be evaluated is an error, and so is no match. That the walk agrees with the engine's is tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, Protocol

import msgspec
import zen

from shared.adapters.decision_errors import CellFails, InputMissing, NoRowMatches, TableInvalid

MAX_ROWS = 2000
MAX_CELL = 1000
MAX_DOCUMENT = 200 * 1024
"""Bytes of a document: it has to fit into the event that publishes it."""

HitPolicy = Literal["first", "collect"]
Value = str | int | bool | Decimal | Sequence[str]


class _Column(msgspec.Struct, frozen=True):
    id: str
    field: str


class _Content(msgspec.Struct, frozen=True):
    hitPolicy: str  # noqa: N815 - JDM's own name
    inputs: tuple[_Column, ...]
    outputs: tuple[_Column, ...]
    rules: tuple[dict[str, str], ...]


class _Node(msgspec.Struct, frozen=True):
    type: str
    content: msgspec.Raw = msgspec.Raw(b"null")


class _Document(msgspec.Struct, frozen=True):
    nodes: tuple[_Node, ...]


class Expression(Protocol):
    """A cell as the engine compiled it."""

    def evaluate(self, context: dict[str, object]) -> object: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """One input cell: `value` of the input `name` goes in as `$`."""

    name: str
    compiled: Expression


@dataclass(frozen=True, slots=True)
class TableRow:
    """`row` is the id that events cite, `outputs` what it says (texts, whole numbers, truth values, None)."""

    row: str
    outputs: Mapping[str, object]
    conditions: tuple[Condition, ...] = ()

    def fits(self, inputs: Mapping[str, object]) -> bool:
        """Raises CellFails. Conditions are asked from left to right, until one is not met."""
        return all(self._met(condition, inputs) for condition in self.conditions)

    def _met(self, condition: Condition, inputs: Mapping[str, object]) -> bool:
        value = inputs[condition.name]
        try:
            answer = condition.compiled.evaluate({**inputs, "$": value})
        except RuntimeError:
            answer = None
        if not isinstance(answer, bool):
            raise CellFails(row=self.row, name=condition.name, value=str(value))
        return answer


@dataclass(frozen=True, slots=True)
class Table:
    """A checked document. `inputs` are the names that it asks for."""

    hit_policy: HitPolicy
    inputs: frozenset[str]
    rows: tuple[TableRow, ...]

    def fitting(self, inputs: Mapping[str, Value]) -> Iterator[TableRow]:
        """Rows that fit, in their order. Raises InputMissing, CellFails."""
        for name in sorted(self.inputs - inputs.keys()):
            raise InputMissing(name=name)
        known = {name: _number(value) for name, value in inputs.items()}
        return (row for row in self.rows if row.fits(known))


class FirstMatch:
    """Tables of hit policy *first*: the first row that fits decides."""

    def check(self, document: str) -> None:
        """Raises TableInvalid."""
        compiled(document, "first")

    def table(self, document: str) -> Table:
        """What it asks for and every answer it can give. Raises TableInvalid."""
        return compiled(document, "first")

    def evaluate(self, document: str, inputs: Mapping[str, Value]) -> TableRow:
        """Raises NoRowMatches, InputMissing, CellFails, TableInvalid."""
        for row in compiled(document, "first").fitting(inputs):
            return row
        raise NoRowMatches(inputs=", ".join(f"{name}={value}" for name, value in sorted(inputs.items())))


class AllMatches:
    """Tables of hit policy *collect*: every row that fits has its say, in row order; none is an answer too."""

    def check(self, document: str) -> None:
        """Raises TableInvalid."""
        compiled(document, "collect")

    def rows(self, document: str, inputs: Mapping[str, Value]) -> Sequence[Mapping[str, object]]:
        """The outputs of each row that fits. Raises InputMissing, CellFails, TableInvalid."""
        return [row.outputs for row in compiled(document, "collect").fitting(inputs)]


@lru_cache(maxsize=256)
def compiled(document: str, hit_policy: HitPolicy) -> Table:
    """The table of a document, every cell compiled. Raises TableInvalid."""
    content = _content(document)
    if content.hitPolicy != hit_policy:
        raise _wrong("hitPolicy", f"应为 {hit_policy}", f"{hit_policy} is needed")
    _check_columns(content)
    known = frozenset(column.field for column in content.inputs)
    rows = tuple(_row(content, nth, known) for nth in range(len(content.rules)))
    ids = [row.row for row in rows]
    for twice in (one for one in ids if ids.count(one) > 1):
        raise _wrong(twice, "_id 重复", "this _id comes twice")
    return Table(hit_policy, known, rows)


def _content(document: str) -> _Content:
    """The one decision table. Functions would run JavaScript, sub-decisions what nobody published: refused."""
    if len(document.encode()) > MAX_DOCUMENT:
        raise _wrong("JSON", f"超过 {MAX_DOCUMENT} 字节", f"more than {MAX_DOCUMENT} bytes")
    try:
        nodes = msgspec.json.decode(document, type=_Document).nodes
        for node in nodes:
            if node.type not in ("inputNode", "decisionTableNode", "outputNode"):
                raise _wrong(node.type[:40], "不允许这种节点", "this kind of node is not allowed")
        tables = [node for node in nodes if node.type == "decisionTableNode"]
        if len(tables) != 1:
            raise _wrong("nodes", "应恰好有一个决策表", "exactly one decision table is needed")
        return msgspec.json.decode(tables[0].content, type=_Content)
    except (ValueError, RecursionError) as error:
        raise _wrong("JSON", f"不是 JDM 文档：{error}", f"not a JDM document: {error}") from None


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _check_columns(content: _Content) -> None:
    if not content.outputs or not 0 < len(content.rules) <= MAX_ROWS:
        raise _wrong("rules", f"需要输出列和 1 至 {MAX_ROWS} 行", f"outputs and 1 to {MAX_ROWS} rows are needed")
    for columns in (content.inputs, content.outputs):
        for column in columns:
            if not _NAME.fullmatch(column.field):
                raise _wrong(column.id, "field 应为名称", "its field must be a name")
    ids = [column.id for column in (*content.inputs, *content.outputs)]
    outputs = [column.field for column in content.outputs]
    for twice in (one for some in (ids, outputs) for one in some if some.count(one) > 1):
        raise _wrong(twice, "列名重复", "this column comes twice")


def _row(content: _Content, nth: int, known: frozenset[str]) -> TableRow:
    cells = content.rules[nth]
    row = cells.get("_id", "")
    if not row or len(row) > MAX_CELL:
        raise _wrong(f"rules[{nth}]", "缺少 _id", "it has no _id")
    columns = {column.id for column in (*content.inputs, *content.outputs)}
    for stray in (name for name in cells if name not in columns and not name.startswith("_")):
        raise _wrong(row, f"没有列 {stray}", f"there is no column {stray}")
    for name, cell in cells.items():
        if len(cell) > MAX_CELL:
            raise _wrong(f"{row}, {name}", f"超过 {MAX_CELL} 个字符", f"longer than {MAX_CELL} characters")
    asked = [(column.field, cells.get(column.id, "").strip()) for column in content.inputs]
    said = {column.field: _output(row, column.field, cells.get(column.id, "")) for column in content.outputs}
    return TableRow(row, said, tuple(_condition(row, name, cell, known) for name, cell in asked if cell))


_TEXT = re.compile(r'"[^"]*"|\'[^\']*\'')
_WORD = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z_][A-Za-z0-9_]*(?!\s*\()(?![A-Za-z0-9_])")
_GRAMMAR = frozenset({"and", "or", "not", "in", "true", "false", "null"})


def _condition(row: str, name: str, cell: str, known: frozenset[str]) -> Condition:
    """A word that is no input would silently equal nothing: mostly a text without its quotes."""
    for word in _WORD.findall(_TEXT.sub("", cell)):
        if word not in known | _GRAMMAR:
            raise _wrong(f"{row}, {name}", f"不认识 {word}（文本要加引号）", f"unknown word {word} (quote texts)")
    try:
        return Condition(name, zen.compile_unary_expression(cell))
    except RuntimeError:
        raise _wrong(f"{row}, {name}", f"不是条件：{cell}", f"not a condition: {cell}") from None


def _output(row: str, name: str, cell: str) -> object:
    """A JSON literal: of an expression that fails, a text without quotes above all, the engine says nothing."""
    try:
        said: bool | int | str | None = msgspec.json.decode(cell, type=bool | int | str | None)
    except ValueError:
        zh = f"输出 {cell or '（空）'} 应为文本（加双引号）、整数、true、false 或 null"
        en = f"output {cell or '(empty)'} should be a text in double quotes, a whole number, true, false or null"
        raise _wrong(f"{row}, {name}", zh, en) from None
    return said


def _wrong(where: str, zh: str, en: str) -> TableInvalid:
    return TableInvalid(where=where, problem_zh=zh, problem_en=en)


def _number(value: Value) -> object:
    """The engine takes no Decimal; nothing of what it computes is stored."""
    return float(value) if isinstance(value, Decimal) else value
