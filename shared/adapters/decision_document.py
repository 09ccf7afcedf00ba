"""A decision table as it is published: a JDM document of one table, read and checked but for its cells.

The table alone is evaluated. Nodes for its input and output may stand beside it, as editors draw them; edges say
nothing that one table doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from shared.adapters.decision_errors import Findings, TableInvalid, TableProblem

MAX_ROWS = 2000
MAX_CELL = 1000
MAX_DOCUMENT = 200 * 1024
"""Bytes of a document: it has to fit into the event that publishes it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Column(msgspec.Struct, frozen=True):
    id: str
    field: str


class Content(msgspec.Struct, frozen=True):
    hitPolicy: str  # noqa: N815 - JDM's own name
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[dict[str, str], ...]


class _Node(msgspec.Struct, frozen=True):
    type: str
    content: msgspec.Raw = msgspec.Raw(b"null")


class _Document(msgspec.Struct, frozen=True):
    nodes: tuple[_Node, ...]


def read(document: str, hit_policy: str) -> Content:
    """The one table of a document. Raises TableInvalid."""
    found = Findings()
    if len(document.encode()) > MAX_DOCUMENT:
        found.wrong("JSON", f"超过 {MAX_DOCUMENT} 字节", f"more than {MAX_DOCUMENT} bytes")
        found.settle()
    try:
        nodes = msgspec.json.decode(document, type=_Document).nodes
        _check_nodes(nodes, found)
        found.settle()
        table = next(node for node in nodes if node.type == "decisionTableNode")
        content = msgspec.json.decode(table.content, type=Content)
    except (ValueError, RecursionError) as error:
        problem = TableProblem("JSON", f"不是 JDM 文档：{error}", f"not a JDM document: {error}")
        raise TableInvalid(problems=(problem,)) from None
    _check_columns(content, hit_policy, found)
    _check_rows(content, found)
    found.settle()
    return content


def _check_nodes(nodes: tuple[_Node, ...], found: Findings) -> None:
    """Functions would run JavaScript, sub-decisions what nobody published here."""
    kinds = [node.type for node in nodes]
    for kind in dict.fromkeys(kinds):
        if kind not in ("inputNode", "decisionTableNode", "outputNode"):
            found.wrong(kind[:40], "不允许这种节点", "this kind of node is not allowed")
    if kinds.count("decisionTableNode") != 1:
        found.wrong("nodes", "应恰好有一个决策表", "exactly one decision table is needed")
    for kind in ("inputNode", "outputNode"):
        if kinds.count(kind) > 1:
            found.wrong(kind, "最多一个", "there can be one at most")


def _check_columns(content: Content, hit_policy: str, found: Findings) -> None:
    if content.hitPolicy != hit_policy:
        found.wrong("hitPolicy", f"应为 {hit_policy}", f"{hit_policy} is needed")
    if not content.outputs or not 0 < len(content.rules) <= MAX_ROWS:
        found.wrong("rules", f"需要输出列和 1 至 {MAX_ROWS} 行", f"outputs and 1 to {MAX_ROWS} rows are needed")
    for column in (*content.inputs, *content.outputs):
        if not _NAME.fullmatch(column.field):
            found.wrong(column.id, "field 应为名称", "its field must be a name")
    ids = [column.id for column in (*content.inputs, *content.outputs)]
    for some in (ids, [column.field for column in content.inputs], [column.field for column in content.outputs]):
        for column_id in _twice(some):
            found.wrong(column_id, "列名重复", "this column comes twice")


def _check_rows(content: Content, found: Findings) -> None:
    columns = {column.id for column in (*content.inputs, *content.outputs)}
    for nth, cells in enumerate(content.rules[:MAX_ROWS]):
        row = cells.get("_id", "")
        if not row or len(row) > MAX_CELL:
            found.wrong(f"rules[{nth}]", "缺少 _id", "it has no _id")
        for name, cell in cells.items():
            if name not in columns and not name.startswith("_"):
                found.wrong(row, f"没有列 {name}", f"there is no column {name}")
            if len(cell) > MAX_CELL:
                found.wrong(f"{row}, {name}", f"超过 {MAX_CELL} 个字符", f"longer than {MAX_CELL} characters")
    for row in _twice(cells.get("_id", "") for cells in content.rules):
        found.wrong(row, "_id 重复", "this _id comes twice")


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again: dict[str, None] = {}
    for name in names:
        if name in seen and name:
            again[name] = None
        seen.add(name)
    return list(again)
