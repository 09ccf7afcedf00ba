"""A mapping: which column of a source is which field of a fact. Data, not code; published and versioned.

{"mapping": "syn-mes-production-order", "version": 1, "kind": "production_order", "system": "MES", "source": "SYN-MES",
 "delimiter": ",", "encoding": "utf-8", "time_zone": "Asia/Shanghai", "blank": ["", "NaN"], "key": ["order", "lot"],
 "fields": {"lot": {"column": "batch_no"}, "quantity": {"column": "qty", "type": "decimal", "unit": "pcs"},
            "made_at": {"column": "finished_at", "type": "datetime", "format": "%Y-%m-%d %H:%M"}},
 "each": [{"characteristic": {"value": "water"}, "value": {"column": "water", "skip_blank": true}}], "notes": ["…"]}

`version` may be left out: publishing numbers it. A field takes one of `column`, `value` (constant) or `template`
("API-{api_batch}"), then in this order: `replace` (parts of the text), `values` (whole text → canonical value),
`limits` ({"fail_from": "0.29", "fail_below": "80"}: a number → pass or fail). `skip_blank`: no record where this
field is blank. `each` makes one row into several records: each entry's fields are laid over `fields` (a wide table of
measurements).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from services.investigation.domain.facts.fields import Field, Kind, Record
from shared.contracts.words import RecordSystem
from shared.kernel import codec

BLANK = frozenset({"", "NaN", "nan", "#N/A", "N/A", "NULL", "null"})
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a number stops being a pass: at or above `fail_from`, below `fail_below`."""

    fail_from: Decimal | None = None
    fail_below: Decimal | None = None

    def judge(self, value: Decimal) -> str:
        too_high = self.fail_from is not None and value >= self.fail_from
        too_low = self.fail_below is not None and value < self.fail_below
        return "fail" if too_high or too_low else "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one field is read. `parts` are (literal, column) pairs of a template; `format` is strptime's, or `iso`."""

    field: Field
    column: str | None = None
    constant: str | None = None
    template: str | None = None
    parts: tuple[tuple[str, str], ...] = ()
    tail: str = ""
    format: str = "iso"
    unit: str | None = None
    replace: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, str] | None = None
    limits: Limits | None = None
    skip_blank: bool = False

    @property
    def source(self) -> str:
        """The column or template, as a person who looks at the file knows it."""
        return self.column or self.template or f"={self.constant}"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else tuple(column for _, column in self.parts)


@dataclass(frozen=True, kw_only=True)
class FactMapping:
    """A validated mapping. Each of `variants` makes one record of a row, or none where it is skipped."""

    mapping: str
    version: int
    kind: Kind
    system: RecordSystem
    source: str
    delimiter: str
    encoding: str
    zone: ZoneInfo
    blank: frozenset[str]
    key: tuple[str, ...]
    variants: tuple[tuple[Rule, ...], ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def blank_record(self) -> Record:
        """Every field of the kind, empty: what a row's record starts from (copied)."""
        return dict.fromkeys(field.name for field in self.kind.fields)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the file must have."""
        return frozenset(column for rules in self.variants for rule in rules for column in rule.columns)

    def natural_key(self, record: Record) -> str:
        """The text under which a later row supersedes an earlier one: a JSON list of the key fields' values."""
        values = [record[name] for name in self.key]
        return codec.encode_plain([v if v is None else str(v) for v in values]).decode()
