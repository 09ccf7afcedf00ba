"""What can be wrong with a mapping document, and with one cell of a source's row.

Invalid
├── MappingInvalid          a mapping document, with every MappingProblem in it
├── FileEmpty · EncodingRefused · CsvMalformed · ColumnTwice   a source file as a whole
└── CellRefused             one cell of a row: it names column and value; the row's other cells are still looked at
    ├── ColumnMissing       the file has no such column
    ├── ValueMissing        a required field is blank
    ├── TextTooLong · UnkeepableText
    ├── NotANumber · NotAnInteger · NumberTooLarge · NegativeQuantity
    ├── NotATime · NoSuchLocalTime · InTheFuture
    └── NotAChoice
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shared.kernel.errors import Invalid, WrongField


@dataclass(frozen=True, slots=True)
class MappingProblem:
    """`path` is where in the document: `fields.quantity.type`."""

    path: str
    zh: str
    en: str


@dataclass(eq=False, kw_only=True)
class MappingInvalid(Invalid):
    problems: tuple[MappingProblem, ...]

    @property
    def wrong(self) -> Sequence[WrongField]:
        return tuple(WrongField(f"document.{one.path}", one.zh, one.en) for one in self.problems)

    def text(self, language: str) -> str:
        zh = language.startswith("zh")
        listed = "; ".join(f"{p.path}: {p.zh if zh else p.en}" for p in self.problems)
        return f"映射文件无效：{listed}" if zh else f"The mapping is not valid: {listed}"


class FileEmpty(Invalid):
    zh: ClassVar[str] = "文件中没有数据行"
    en: ClassVar[str] = "The file has no row of data"
    field: ClassVar[str | None] = "file"


@dataclass(eq=False, kw_only=True)
class EncodingRefused(Invalid):
    """`byte` is the offset of the first byte that can't be read."""

    zh: ClassVar[str] = "文件不是 {encoding} 编码（第 {byte} 字节附近）"
    en: ClassVar[str] = "The file is not {encoding} (near byte {byte})"
    field: ClassVar[str | None] = "file"
    encoding: str
    byte: int


@dataclass(eq=False, kw_only=True)
class CsvMalformed(Invalid):
    """`line` is where the row begins that can't be read, `limit` a cell's longest length in KiB."""

    zh: ClassVar[str] = "第 {line} 行起不是有效的 CSV：引号没有闭合、引号后有多余字符，或单元格超过 {limit} KiB"
    en: ClassVar[str] = (
        "From line {line} on this is no CSV: a quote isn't closed, text follows a closing quote, "
        "or a cell is longer than {limit} KiB"
    )
    field: ClassVar[str | None] = "file"
    line: int
    limit: int


@dataclass(eq=False, kw_only=True)
class ColumnTwice(Invalid):
    zh: ClassVar[str] = "文件的表头中列「{column}」出现了不止一次，无法确定映射指的是哪一列"
    en: ClassVar[str] = "The file's header names column '{column}' more than once: nobody can say which one is meant"
    field: ClassVar[str | None] = "file"
    column: str


@dataclass(eq=False, kw_only=True)
class CellRefused(Invalid):
    """`column` is the source's own name (or the template); `target` the field; `value` is cut to 80 characters."""

    column: str
    target: str
    value: str

    def __post_init__(self) -> None:
        self.value = self.value[:80].replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode()


class ColumnMissing(CellRefused):
    zh: ClassVar[str] = "文件中没有列「{column}」（{target}）"
    en: ClassVar[str] = "The file has no column '{column}' (for {target})"


class ValueMissing(CellRefused):
    zh: ClassVar[str] = "列「{column}」为空，但 {target} 为必填"
    en: ClassVar[str] = "Column '{column}' is blank, but {target} is required"


@dataclass(eq=False, kw_only=True)
class TextTooLong(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值超过 {limit} 个字符：{value}…"
    en: ClassVar[str] = "Column '{column}' holds more than {limit} characters: {value}…"
    limit: int


class UnkeepableText(CellRefused):
    zh: ClassVar[str] = "列「{column}」含有不能保存的内容（NUL、残缺的代理对或加密标记）：{value}"
    en: ClassVar[str] = (
        "Column '{column}' holds what can't be kept (NUL, a lone surrogate or the mark of a seal): {value}"
    )


class NotANumber(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」不是数字（{target}）"
    en: ClassVar[str] = "'{value}' in column '{column}' is not a number ({target})"


class NotAnInteger(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」不是整数（{target}）"
    en: ClassVar[str] = "'{value}' in column '{column}' is not a whole number ({target})"


class NumberTooLarge(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」超出范围（整数 18 位，小数 12 位）"
    en: ClassVar[str] = "'{value}' in column '{column}' is beyond 18 digits before and 12 after the point"


class NegativeQuantity(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」为负：{target} 不能小于零"
    en: ClassVar[str] = "'{value}' in column '{column}' is negative: {target} can't be below zero"


@dataclass(eq=False, kw_only=True)
class NotATime(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」不符合时间格式 {format}"
    en: ClassVar[str] = "'{value}' in column '{column}' is not a time of the form {format}"
    format: str


@dataclass(eq=False, kw_only=True)
class NoSuchLocalTime(CellRefused):
    zh: ClassVar[str] = "列「{column}」的时间「{value}」在 {time_zone} 不存在（夏令时跳过）"
    en: ClassVar[str] = "'{value}' in column '{column}' never happened in {time_zone} (skipped by daylight saving)"
    time_zone: str


@dataclass(eq=False, kw_only=True)
class InTheFuture(CellRefused):
    zh: ClassVar[str] = "列「{column}」的时间「{value}」在未来（现在是 {now}）"
    en: ClassVar[str] = "'{value}' in column '{column}' lies in the future (it is {now})"
    now: datetime


@dataclass(eq=False, kw_only=True)
class NotAChoice(CellRefused):
    zh: ClassVar[str] = "列「{column}」的值「{value}」不在允许值内：{choices}"
    en: ClassVar[str] = "'{value}' in column '{column}' is none of {choices}"
    choices: str
