"""A source file read row by row: where each row begins, and what makes a file unreadable as a whole."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from services.investigation.application.source import MAX_CELL, SourceReading
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.errors import ColumnTwice, CsvMalformed, EncodingRefused

MAPPING = {
    "mapping": "mes",
    "kind": "operation",
    "source": "MES-1",
    "time_zone": "Asia/Shanghai",
    "fields": {
        "lot": {"column": "lot"},
        "node": {"value": "production"},
        "operation": {"column": "operation"},
        "step": {"column": "step", "type": "integer"},
        "started_at": {"value": "2026-01-05T08:00:00+08:00", "type": "datetime"},
    },
}
HEADER = b"lot,operation,step,remark\n"


def reading(source: bytes, **changed: str) -> SourceReading:
    return SourceReading(parse(MAPPING | changed), io.BytesIO(source), datetime(2026, 6, 1, tzinfo=UTC))


def test_a_refused_row_is_named_by_the_line_it_begins_on_past_empty_lines_and_cells_of_several_lines():
    rows = reading(HEADER + b'L1,mix,1,"two\nlines"\n\nL2,,1,\nL3,mix,1,\n"L4\n",,1,\n')
    rows.rest()
    assert (rows.rows, rows.refused) == (2, 2)
    assert [(e.line, e.error.target) for e in rows.errors] == [(5, "operation"), (7, "operation")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (HEADER + b'L1,mix,1,\nL2,"mix,1,\nL3,mix,1,\n', 3),  # never closed: lenient reading would swallow L3
        (HEADER + b'L1,mix,1,\n\nL2,"mix"x,1,\n', 4),
        (HEADER + b"L1," + b"m" * (MAX_CELL + 1) + b",1,\n", 2),
        (b'"lot,operation\n', 1),
    ],
)
def test_what_is_no_csv_is_refused_with_the_line_where_it_begins_not_to_be(source, line):
    with pytest.raises(CsvMalformed) as refused:
        reading(source).rest()
    assert (refused.value.line, refused.value.limit, refused.value.field) == (line, 64, "file")


def test_a_column_the_mapping_reads_may_stand_in_the_header_once_only():
    with pytest.raises(ColumnTwice) as refused:
        reading(b"lot,operation,step,lot\nL1,mix,1,L2\n").rest()
    assert (refused.value.column, refused.value.field) == ("lot", "file")
    unread = reading(b"lot,operation,step,remark,remark\nL1,mix,1,,\n")
    unread.rest()
    assert unread.rows == 1


@pytest.mark.parametrize("before", [0, 3, 100_000])
def test_a_byte_that_is_not_of_the_encoding_is_named_by_its_place_in_the_file(before):
    good = HEADER + b"L1,mix,1,\n" * before + b"L2,"
    with pytest.raises(EncodingRefused) as refused:
        reading(good + b"\xff,1,\n").rest()
    assert (refused.value.byte, refused.value.encoding) == (len(good), "utf-8")
