"""One raw row of a source to canonical records, or to the errors of its cells. Pure: `now` comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from services.investigation.domain.facts.errors import (
    CellRefused,
    ColumnMissing,
    InTheFuture,
    NegativeQuantity,
    NoSuchLocalTime,
    NotAChoice,
    NotAnInteger,
    NotANumber,
    NotATime,
    NumberTooLarge,
    TextTooLong,
    UnkeepableText,
    ValueMissing,
)
from services.investigation.domain.facts.fields import FactValue, Record
from services.investigation.domain.facts.mapping import FactMapping, Rule
from shared.kernel.marked import SEAL

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_UNKEEPABLE = re.compile(f"[\x00\ud800-\udfff]|{SEAL}")
_LARGEST = Decimal(10) ** 18
_FINEST = -12
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9998  # one year short of datetime's own end: zones move it
_ISO_LENGTH = {"%Y-%m-%d": 10, "%Y-%m-%d %H:%M": 16, "%Y-%m-%dT%H:%M": 16, "%Y-%m-%d %H:%M:%S": 19}
_ISO_LENGTH["%Y-%m-%dT%H:%M:%S"] = 19


REMEMBERED = 10_000
"""Texts of one column, then they are forgotten: a column of numbers of its own doesn't fill the memory."""


class _Column(NamedTuple):
    rule: Rule
    known: dict[str, FactValue]


class Interpreted(NamedTuple):
    """What a row came to. A row with errors gives no record at all; without either it was skipped as blank."""

    records: tuple[Record, ...] = ()
    errors: tuple[CellRefused, ...] = ()


def interpret(mapping: FactMapping, row: Mapping[str, str], now: datetime) -> Interpreted:
    """The records of a raw row (column → text). `now` is aware; times after it are refused."""
    return Interpreter(mapping, now).row(row)


class Interpreter:
    """`interpret` for all rows of a file. What a column's text comes to is found once: columns repeat themselves."""

    def __init__(self, mapping: FactMapping, now: datetime) -> None:
        self._mapping = mapping
        self._now = now
        self._variants = [[_Column(rule, {}) for rule in rules] for rules in mapping.variants]

    def row(self, row: Mapping[str, str]) -> Interpreted:
        records: list[Record] = []
        errors: list[CellRefused] = []
        for columns in self._variants:
            record = self._record(columns, row, errors)
            if record is not None:
                records.append(record)
        return Interpreted(errors=tuple(errors)) if errors else Interpreted(records=tuple(records))

    def _record(self, columns: list[_Column], row: Mapping[str, str], errors: list[CellRefused]) -> Record | None:
        """None where the row is skipped as blank; then what was wrong with it doesn't count either."""
        record = self._mapping.blank_record.copy()
        wrong: list[CellRefused] = []
        unit: str | None = None
        for column in columns:
            rule = column.rule
            try:
                value = self._cell(column, row)
            except CellRefused as refused:
                wrong.append(refused)
                continue
            if value is not None:
                record[rule.field.name] = value
                unit = rule.unit or unit
            elif rule.skip_blank:
                return None
        errors += wrong
        if unit is not None and record["unit"] is None:
            record["unit"] = unit
        return record

    def _cell(self, column: _Column, row: Mapping[str, str]) -> FactValue:
        """The field's value, or None where it is blank. Raises CellRefused."""
        rule, known = column.rule, column.known
        cell = None if rule.column is None else row.get(rule.column)
        if cell is not None and cell in known:
            return known[cell]
        text = _text(self._mapping, rule, row)
        value = None if text is None else _value(self._mapping, rule, text, self._now)
        if cell is not None:
            if len(known) >= REMEMBERED:
                known.clear()
            known[cell] = value
        return value


def _text(mapping: FactMapping, rule: Rule, row: Mapping[str, str]) -> str | None:
    """The field's text before typing; None where it is blank and may be. A template with a blank part is blank."""
    try:
        if rule.column is not None:
            text = row[rule.column].strip()
        elif rule.template is not None:
            pieces = [(literal, row[column].strip()) for literal, column in rule.parts]
            blank = any(piece in mapping.blank for _, piece in pieces)
            text = "" if blank else "".join(literal + piece for literal, piece in pieces) + rule.tail
        else:
            text = rule.constant or ""
    except KeyError as missing:
        raise ColumnMissing(column=str(missing.args[0]), target=rule.field.name, value="") from None
    for old, new in rule.replace:
        text = text.replace(old, new)
    if text not in mapping.blank:
        return text
    if rule.field.required and not rule.skip_blank:
        raise ValueMissing(column=rule.source, target=rule.field.name, value=text)
    return None


def _value(mapping: FactMapping, rule: Rule, text: str, now: datetime) -> FactValue:
    if rule.values is not None:
        text = rule.values.get(text, text)
    match rule.field.type:
        case "text":
            return _keepable(rule, text)
        case "integer":
            return _integer(rule, text)
        case "decimal":
            return _decimal(rule, text)
        case "choice":
            return _choice(rule, text)
        case "datetime":
            return _datetime(mapping, rule, text, now)
        case "date":
            return _date(mapping, rule, text, now)


def _keepable(rule: Rule, text: str) -> str:
    if _UNKEEPABLE.search(text):
        raise UnkeepableText(column=rule.source, target=rule.field.name, value=text)
    if len(text) > rule.field.max_length:
        raise TextTooLong(column=rule.source, target=rule.field.name, value=text, limit=rule.field.max_length)
    return text


def _decimal(rule: Rule, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise NotANumber(column=rule.source, target=rule.field.name, value=text)
    number = Decimal(text)
    finest = number.as_tuple().exponent
    if abs(number) >= _LARGEST or (isinstance(finest, int) and finest < _FINEST):
        raise NumberTooLarge(column=rule.source, target=rule.field.name, value=text)
    if rule.field.not_negative and number < 0:
        raise NegativeQuantity(column=rule.source, target=rule.field.name, value=text)
    return number


def _integer(rule: Rule, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise NotAnInteger(column=rule.source, target=rule.field.name, value=text)
    return int(_decimal(rule, text))


def _choice(rule: Rule, text: str) -> str:
    if rule.limits is not None:
        return rule.limits.judge(_decimal(rule, text))
    if text not in rule.field.choices:
        listed = ", ".join(rule.field.choices)
        raise NotAChoice(column=rule.source, target=rule.field.name, value=text, choices=listed)
    return text


def _datetime(mapping: FactMapping, rule: Rule, text: str, now: datetime) -> datetime:
    """The instant in UTC. A local time that occurs twice (end of daylight saving) is the first of the two."""
    local = _parsed(rule, text)
    if local.tzinfo is None:
        local = local.replace(tzinfo=mapping.zone)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            _refuse_a_skipped_hour(mapping, rule, local, text)
    at = local.astimezone(UTC)
    if at > now:
        raise InTheFuture(column=rule.source, target=rule.field.name, value=text, now=now)
    return at


def _refuse_a_skipped_hour(mapping: FactMapping, rule: Rule, local: datetime, text: str) -> None:
    back = local.astimezone(UTC).astimezone(mapping.zone)
    if back.replace(tzinfo=None, fold=0) != local.replace(tzinfo=None, fold=0):
        raise NoSuchLocalTime(column=rule.source, target=rule.field.name, value=text, time_zone=mapping.zone.key)


def _date(mapping: FactMapping, rule: Rule, text: str, now: datetime) -> date:
    day = _parsed(rule, text).date()
    if not rule.field.may_be_future and day > now.astimezone(mapping.zone).date():
        raise InTheFuture(column=rule.source, target=rule.field.name, value=text, now=now)
    return day


def _parsed(rule: Rule, text: str) -> datetime:
    """As the format says. ISO-like formats take the fast path (bulk import), held to the format's exact length."""
    try:
        length = _ISO_LENGTH.get(rule.format)
        if rule.format == "iso" or (length == len(text) and text.isascii() and _separated(rule.format, text)):
            parsed = datetime.fromisoformat(text)
        else:
            parsed = datetime.strptime(text, rule.format)  # noqa: DTZ007 - the mapping's zone is set by the caller
    except ValueError:
        raise NotATime(column=rule.source, target=rule.field.name, value=text, format=rule.format) from None
    if parsed.year < _EARLIEST_YEAR or parsed.year > _LATEST_YEAR:
        raise NotATime(column=rule.source, target=rule.field.name, value=text, format=rule.format)
    return parsed


def _separated(wanted: str, text: str) -> bool:
    """Separators where the format has them: fromisoformat alone would take other ISO spellings of that length too."""
    date_only = len(text) == _ISO_LENGTH["%Y-%m-%d"]
    return text[4] == text[7] == "-" and (date_only or (text[10] == wanted[8] and set(text[13:17:3]) == {":"}))
