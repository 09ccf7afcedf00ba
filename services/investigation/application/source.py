"""A source file read by its mapping, some lines at a time: facts, refused rows, and the sum over the facts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

from services.investigation.domain.facts.errors import (
    CellRefused,
    ColumnTwice,
    CsvMalformed,
    EncodingRefused,
    FileEmpty,
)
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.facts.rows import Interpreter
from services.investigation.domain.facts.stored import StoredFact, stored

CHUNK_ROWS = 2000
ERRORS_REPORTED = 200
MAX_CELL = 64 * 1024
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RowError:
    """`line` is where the row begins in the source's text, whose first line is the header."""

    line: int
    error: CellRefused


class SourceReading:
    """What has been read so far: the source's line, the facts, the refused rows and their first errors."""

    def __init__(self, mapping: FactMapping, source: BinaryIO, now: datetime) -> None:
        self.line = 1
        self.rows = 0
        self.refused = 0
        self.errors: list[RowError] = []
        self._sum = sha256()
        self._mapping = mapping
        self._interpreter = Interpreter(mapping, now)
        self._lines = _rows(mapping, source)

    def next(self) -> list[StoredFact] | None:
        """The facts of the next lines, none where all were refused; None at the end.

        Raises EncodingRefused, CsvMalformed and ColumnTwice.
        """
        facts: list[StoredFact] = []
        before = self.line
        for line, raw in islice(self._lines, CHUNK_ROWS):
            self.line = line
            self._interpret(raw, facts)
        return facts if self.line > before else None

    def rest(self) -> None:
        """Read to the end for what is wrong with the rows."""
        while self.next() is not None:
            pass

    @property
    def sha256(self) -> str:
        """Over the SHA-256 of each fact, in order."""
        return self._sum.hexdigest()

    def not_empty(self) -> None:
        """Raises FileEmpty where no row has been read."""
        if self.rows == 0 and self.refused == 0:
            raise FileEmpty

    def _interpret(self, raw: Mapping[str, str], facts: list[StoredFact]) -> None:
        found = self._interpreter.row(raw)
        if found.errors:
            self.refused += 1
            room = ERRORS_REPORTED - len(self.errors)
            self.errors += [RowError(self.line, error) for error in found.errors[:room]]
        for record in found.records:
            fact = stored(self._mapping.kind, self.rows, self._mapping.natural_key(record), record, raw)
            self.rows += 1
            self._sum.update(fact.sha256)
            facts.append(fact)


def sum_of(source: BinaryIO) -> str:
    """SHA-256 of the whole file."""
    source.seek(0)
    whole = sha256()
    while block := source.read(BLOCK):
        whole.update(block)
    return whole.hexdigest()


def _rows(mapping: FactMapping, source: BinaryIO) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Where each row begins, and its cells by column. A missing cell is empty; cells beyond the header are ignored.

    Strict: a quote that nobody closes would otherwise swallow the rows after it without a word.
    """
    source.seek(0)
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    csv.field_size_limit(MAX_CELL)
    lines = csv.reader(text, delimiter=mapping.delimiter, strict=True)
    begins = 1
    try:
        header = next(lines, [])
        _each_column_once(mapping, header)
        begins = lines.line_num + 1
        for cells in lines:
            if cells:  # an empty line is no row
                missing = [""] * (len(header) - len(cells))
                yield begins, dict(zip(header, cells + missing, strict=False))
            begins = lines.line_num + 1
    except UnicodeDecodeError as error:
        chunk_begins = source.tell() - len(error.object)
        raise EncodingRefused(encoding=mapping.encoding, byte=chunk_begins + error.start) from error
    except csv.Error as error:
        raise CsvMalformed(line=begins, limit=MAX_CELL // 1024) from error
    finally:
        text.detach()


def _each_column_once(mapping: FactMapping, header: Sequence[str]) -> None:
    """Raises ColumnTwice: nobody can say which of two columns of one name the mapping means."""
    for column in header:
        if column in mapping.columns and header.count(column) > 1:
            raise ColumnTwice(column=column)
