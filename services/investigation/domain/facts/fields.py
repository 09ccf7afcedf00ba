"""What a kind of fact is made of: typed fields, a natural key, and which field answers lot, node, product and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from shared.contracts.words import RecordSystem

FieldType = Literal["text", "integer", "decimal", "datetime", "date", "choice"]
FactValue = str | int | Decimal | datetime | date | None
Record = dict[str, FactValue]
"""A canonical row: every field of its kind is present, None where the source says nothing. Datetimes are aware, UTC."""

CODE_LENGTH = 64
TEXT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. `max_length` in characters, `not_negative` for quantities, `choices` as they are stored."""

    name: str
    type: FieldType
    zh: str
    en: str
    required: bool = False
    choices: tuple[str, ...] = ()
    max_length: int = TEXT_LENGTH
    not_negative: bool = False
    may_be_future: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fact. `lot`, `product`, `occurred` and `node_field` name fields; `node` is where it always happens.

    `key` is the natural key: a later row with the same key supersedes the earlier one. A key field may be None.
    """

    name: str
    zh: str
    en: str
    system: RecordSystem
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    occurred: str
    lot: str | None = None
    product: str | None = None
    node: str | None = None
    node_field: str | None = None

    @property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    def node_of(self, record: Record) -> str | None:
        """The process node of a record: its own where it names one, else the kind's."""
        named = record.get(self.node_field) if self.node_field else None
        return str(named) if named is not None else self.node


def code(name: str, zh: str, en: str, *, required: bool = False) -> Field:
    """An identifier: lot, order, supplier, equipment, operator."""
    return Field(name, "text", zh, en, required, max_length=CODE_LENGTH)


def text(name: str, zh: str, en: str) -> Field:
    return Field(name, "text", zh, en)


def number(name: str, zh: str, en: str, *, required: bool = False) -> Field:
    """A measured value: any sign."""
    return Field(name, "decimal", zh, en, required)


def quantity(name: str = "quantity", zh: str = "数量", en: str = "Quantity", *, required: bool = True) -> Field:
    return Field(name, "decimal", zh, en, required, not_negative=True)


def count(name: str, zh: str, en: str, *, required: bool = False) -> Field:
    return Field(name, "integer", zh, en, required, not_negative=True)


def moment(name: str, zh: str, en: str, *, required: bool = False) -> Field:
    return Field(name, "datetime", zh, en, required)


def day(name: str, zh: str, en: str, *, required: bool = False, may_be_future: bool = False) -> Field:
    return Field(name, "date", zh, en, required, may_be_future=may_be_future)


def choice(name: str, zh: str, en: str, choices: tuple[str, ...], *, required: bool = False) -> Field:
    return Field(name, "choice", zh, en, required, choices=choices)
