"""A source file read by its mapping, some lines at a time: facts, refused rows, and the sum over the facts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

from services.investigation.domain.facts.errors import CellRefused, EncodingRefused, FileEmpty
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.facts.rows import Interpreter
from services.investigation.domain.facts.stored import StoredFact, stored

CHUNK_ROWS = 2000
ERRORS_REPORTED = 200
MAX_CELL = 64 * 1024
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RowError:
    """`line` is the source's own, the header being line 1."""

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
        """The facts of the next lines, none where all were refused; None at the end. Raises EncodingRefused."""
        facts: list[StoredFact] = []
        before = self.line
        for raw in islice(self._lines, CHUNK_ROWS):
            self.line += 1
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


def _rows(mapping: FactMapping, source: BinaryIO) -> Iterator[Mapping[str, str]]:
    """The file's rows by column name. A missing cell is empty; cells beyond the header are ignored."""
    source.seek(0)
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    csv.field_size_limit(MAX_CELL)
    try:
        lines = csv.reader(text, delimiter=mapping.delimiter)
        header = next(lines, [])
        for cells in lines:
            if cells:  # an empty line is no row
                missing = [""] * (len(header) - len(cells))
                yield dict(zip(header, cells + missing, strict=False))
    except UnicodeDecodeError as error:
        raise EncodingRefused(encoding=mapping.encoding, byte=error.start) from error
    finally:
        text.detach()
