"""A read model to try the machinery on: each complaint's scores, and how many there were."""

from __future__ import annotations

from dataclasses import replace

from shared.contracts.intake.complaint import SatisfactionRecorded
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded


class Unreadable(Exception):
    pass


def _touches(recorded: Recorded) -> list[RowKey]:
    return [(recorded.meta.stream,)]


def _apply(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case SatisfactionRecorded(score=score):
            row: Row = rows.get(recorded.meta.stream) or {"stream": recorded.meta.stream, "scores": [], "sum": 0}
            row = row | {"scores": [*row["scores"], str(score)], "sum": row["sum"] + score}
            rows.put(row)
            if score == POISON:
                raise Unreadable(recorded.meta.stream)


POISON = 99

SCORES = ReadModel(
    name="scores",
    sources=frozenset({"intake"}),
    columns=(Column("stream", "text", nullable=False), Column("scores", "text[]"), Column("sum", "integer")),
    key=("stream",),
    touches=_touches,
    apply=_apply,
)


def _apply_leniently(rows: Rows, recorded: Recorded) -> None:
    try:
        _apply(rows, recorded)
    except Unreadable:
        return


LENIENT = replace(SCORES, apply=_apply_leniently)
"""The same model after its defect was mended."""
