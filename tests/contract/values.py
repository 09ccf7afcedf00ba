"""What the fields of the contracts may hold, from their type hints: types to look at, values to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from shared.contracts.marks import Internal

_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
_plain: dict[Any, st.SearchStrategy[Any]] = {
    str: _text,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=_zones),  # noqa: DTZ001 - bounds
    date: st.dates(),
    UUID: st.uuids(),
}
STANDARD = frozenset(_plain)


def hints_of(cls: type[Any]) -> dict[str, Any]:
    """The type of each field of a contract class, marks included."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}


def parts_of(hint: Any) -> Iterator[Any]:
    """What a hint is made of, without None and the ellipsis of a tuple; texts to be sealed stay Annotated."""
    if get_origin(hint) is Annotated and isinstance(hint.__metadata__[0], Internal):
        yield from parts_of(get_args(hint)[0])  # of whatever type, told as it is
    elif get_origin(hint) in (Union, UnionType, tuple):
        for each in get_args(hint):
            if each not in (NoneType, Ellipsis):
                yield from parts_of(each)
    else:
        yield hint


def every_field(cls: type[Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and type of every field, those of contract classes within included."""
    for name, hint in hints_of(cls).items():
        for part in parts_of(hint):
            yield f"{path}{name}", part
            if is_dataclass(part) and isinstance(part, type):
                yield from every_field(part, f"{path}{name}.")


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Whatever a field of this type may hold."""
    if get_origin(hint) is Annotated:
        return anything(get_args(hint)[0])
    if get_origin(hint) is tuple:
        return st.lists(anything(get_args(hint)[0]), max_size=2).map(tuple)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(*(st.none() if each is NoneType else anything(each) for each in get_args(hint)))
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if is_dataclass(hint) and isinstance(hint, type):
        return st.builds(hint, **{name: anything(inner) for name, inner in hints_of(hint).items()})
    return _plain[hint]
