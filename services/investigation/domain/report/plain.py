"""A report's values as JSON says them, every text passed through one door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_NEVER = frozenset({"private_note", "party_key"})
"""A party's own note stays its own (rule 13); nothing else in the dossier is personal or private."""


def plain(value: object, say: Callable[[str], str] = str) -> Any:  # noqa: PLR0911 - one return a kind of value
    """JSON values only, as canonical bytes would say them, so that a page made from either is the same.

    `say` is given every text, at any depth; times, numbers and ids are none.
    """
    match value:
        case str():
            return say(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat()
        case UUID() | date():
            return str(value)
        case tuple() | list():
            return [plain(one, say) for one in value]
        case dict():
            return {str(k): plain(v, say) for k, v in value.items()}
        case None | bool() | int():
            return value
        case _ if is_dataclass(value):
            return {f.name: plain(getattr(value, f.name), say) for f in fields(value) if f.name not in _NEVER}
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")
