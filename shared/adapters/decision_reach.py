"""Rows that no case can come to, rows said twice, and cases that no row answers.

Certain only where cells are simple, equal or blank, and one row alone hides another: a row hidden by several together
is not found. What is found is always true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.adapters.decision_cells import Condition
from shared.adapters.decision_errors import Findings

Conditions = Mapping[str, Condition]
"""By input; a blank cell has none."""


def check_first(rows: Sequence[tuple[str, Conditions]], found: Findings) -> None:
    """Every row (id, conditions) can be come to, and the last resort is there."""
    for nth, (row, conditions) in enumerate(rows):
        for earlier, wider in rows[:nth]:
            if _covers(wider, conditions):
                zh, en = (
                    f"永远不会匹配：{earlier} 行在前且已包含它",
                    f"it never matches: {earlier} comes first and takes it all",
                )
                found.wrong(row, zh, en)
                break
    if all(conditions for _row, conditions in rows):
        last = rows[-1][0]
        found.wrong(last, "其后缺少条件全空的兜底行", "no row with blank conditions follows it to take the rest")


def check_collect(rows: Sequence[tuple[str, Conditions, Mapping[str, object]]], found: Findings) -> None:
    """No row (id, conditions, outputs) says the same of the same again: it would count twice."""
    first: dict[object, str] = {}
    for row, conditions, outputs in rows:
        asked = frozenset((name, condition.source) for name, condition in conditions.items())
        said = frozenset((name, type(value), value) for name, value in outputs.items())
        earlier = first.setdefault((asked, said), row)
        if earlier != row:
            found.wrong(row, f"与 {earlier} 行相同", f"it is the same as {earlier}")


def _covers(wider: Conditions, narrower: Conditions) -> bool:
    """Each condition of the wider row lets through all that the narrower row's does."""
    for name, condition in wider.items():
        other = narrower.get(name)
        if other is None or not condition.covers(other):
            return False
    return True
