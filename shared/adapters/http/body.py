"""The base of every request body, and the texts, numbers and times that bodies are made of.

Strict: nothing is converted (`"5"` is no integer, `1` no boolean), unknown fields are refused, instances are frozen.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_OR_LINE_END = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def example(cls) -> dict[str, Any]:
        """What the document's example of this body needs beside what shared.adapters.http.glossary knows."""
        return {}


def _no_control(text: str) -> str:
    if _CONTROL.search(text):
        raise _control_character()
    return text


def _one_line(text: str) -> str:
    if _CONTROL_OR_LINE_END.search(text):
        raise _control_character()
    return text


def _some_words(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank", {"zh": "不能为空白", "en": "must not be blank"})
    return text


def _control_character() -> PydanticCustomError:
    zh, en = "不能含控制字符", "must not hold control characters"
    return PydanticCustomError("control_character", "must not hold control characters", {"zh": zh, "en": en})


Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line), AfterValidator(_some_words)
]
"""A name, a title, a lot number: one line of at most 200 characters."""

CODE_LENGTH = 64
CODE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/#-]*$"
Code = Annotated[str, StringConstraints(min_length=1, max_length=CODE_LENGTH, pattern=CODE_PATTERN)]
"""A technical code of ASCII letters, digits and `. _ : / # -`."""

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=4_000), AfterValidator(_no_control), AfterValidator(_some_words)
]
"""A reason, a note, a finding: up to 4,000 characters, line ends and tabs allowed."""

LongText = Annotated[
    str, StringConstraints(min_length=1, max_length=50_000), AfterValidator(_no_control), AfterValidator(_some_words)
]
"""A customer's description, a report's chapter: up to 50,000 characters."""

Amount = Annotated[Decimal, Field(max_digits=18, decimal_places=6, allow_inf_nan=False)]
"""A quantity or an amount of money: at most 18 digits, 6 of them after the point. A string or a JSON number.

No validator of our own: bounds added behind one (`Field(gt=0)`) would stand in the document as they are called here.
"""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number of things."""

Ordinal = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Which of several things that are counted from 1: an item, an action. In paths too."""


EARLIEST_YEAR, LATEST_YEAR = 1900, 9998
"""A slip of the pen made complaint C1-000001; and a year short of the calendar's end, zones can be told apart."""


def _rfc_3339(sent: object) -> object:
    """Pydantic alone would take "1767294245" and 1767294245 for times."""
    if not isinstance(sent, datetime) and not (isinstance(sent, str) and _RFC_3339.fullmatch(sent)):
        zh, en = (
            "应为带时区的 RFC 3339 时间（如 2026-01-02T03:04:05+08:00）",
            "must be an RFC 3339 time with its offset",
        )
        raise PydanticCustomError("datetime_parsing", "must be an RFC 3339 time", {"zh": zh, "en": en})
    year = sent.year if isinstance(sent, datetime) else int(sent[:4])
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        zh, en = (
            f"年份应在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之间",
            f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}",
        )
        raise PydanticCustomError("datetime_out_of_range", "year out of range", {"zh": zh, "en": en})
    return sent


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc_3339)]
"""RFC 3339 with its offset, in the years of EARLIEST_YEAR to LATEST_YEAR; a naive time is refused."""
