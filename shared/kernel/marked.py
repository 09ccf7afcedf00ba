"""Walking the marked fields of an event: where they are, whose key each needs, a copy with each one changed or gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import fields, is_dataclass, replace
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.marks import Internal, Personal, Private

E = TypeVar("E", bound=Event)

SEAL = "sealed:1:"
"""How a sealed text begins. Nobody may send one: in an unmarked field it would be opened for whoever sees that."""

Mark = Personal | Private | Internal
Change = Callable[[str, UUID, str], str]
"""Gets the field's path, the owner of its key and its text; returns what takes its place."""


def rewrite(event: E, change: Change) -> E:
    """A copy of the event in which every text of an owner went through `change`; the event itself where it has none."""
    if not _marked(type(event)):
        return event
    names = (f.name for f in fields(event))  # type: ignore[arg-type]  # every event is a dataclass
    owners = {name: v for name in names if isinstance(v := getattr(event, name), UUID)}
    rewritten: E = _rewrite(event, owners, "", change)
    return rewritten


def key_owners(event: Event) -> set[UUID]:
    """Whose keys this event's marked values need."""
    found: set[UUID] = set()

    def note(_path: str, owner: UUID, text: str) -> str:
        found.add(owner)
        return text

    rewrite(event, note)
    return found


def leave_out(event: Event, plain: MutableMapping[str, Any]) -> None:
    """Take every marked field out of the event's plain JSON."""
    _leave_out(event, plain)


def has_marks(cls: type[Event]) -> bool:
    """Whether any field of the event, or within it, is marked."""
    return bool(_marked(cls))


def marked_fields(cls: type[Event]) -> Mapping[str, frozenset[str]]:
    """The marked fields of an event and of the dataclasses within it, by class name; nothing where it has none."""
    found: dict[str, frozenset[str]] = {}
    left = [cls]
    while left:
        one = left.pop()
        hints = get_type_hints(one, include_extras=True)
        for name, mark in _marked(one):
            if mark is None:
                left += _look_into(hints[name])[1]
            else:
                found[one.__name__] = found.get(one.__name__, frozenset()) | {name}
    return found


def _leave_out(value: Any, plain: MutableMapping[str, Any]) -> None:
    for name, mark in _marked(type(value)):
        inner = getattr(value, name)
        if mark is not None:
            del plain[name]
        elif isinstance(inner, tuple):
            for one, its in zip(inner, plain[name], strict=True):
                _leave_out(one, its)
        elif inner is not None:
            _leave_out(inner, plain[name])


def _rewrite(value: Any, owners: Mapping[str, UUID], path: str, change: Change) -> Any:
    changes: dict[str, Any] = {}
    for name, mark in _marked(type(value)):
        inner = getattr(value, name)
        where = f"{path}.{name}" if path else name
        if inner is None or isinstance(mark, Internal):
            continue
        if mark is None:
            changes[name] = _rewrite_inside(inner, owners, where, change)
        else:
            owner = owners.get(mark.owner)
            if owner is None:
                raise ValueError(f"{where} is marked, but the event names no {mark.owner}")
            changes[name] = change(where, owner, inner)
    return replace(value, **changes) if changes else value


def _rewrite_inside(inner: Any, owners: Mapping[str, UUID], path: str, change: Change) -> Any:
    if isinstance(inner, tuple):
        return tuple(_rewrite(one, owners, f"{path}[{n}]", change) for n, one in enumerate(inner))
    return _rewrite(inner, owners, path, change)


_known: dict[type[Any], tuple[tuple[str, Mark | None], ...]] = {}


def _marked(cls: type[Any]) -> tuple[tuple[str, Mark | None], ...]:
    """The fields of a contract class that are marked, or (None) hold dataclasses with marked fields inside."""
    if cls not in _known:
        _known[cls] = tuple(_find_marked(cls)) if is_dataclass(cls) else ()
    return _known[cls]


def _find_marked(cls: type[Any]) -> Iterator[tuple[str, Mark | None]]:
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        marks, nested = _look_into(hints[field.name])
        if marks:
            yield field.name, marks[0]
        elif any(_marked(one) for one in nested):
            yield field.name, None


def _look_into(hint: Any) -> tuple[list[Mark], list[type[Any]]]:
    """The marks on a type hint, and the dataclasses within it (through Optional and tuple)."""
    if get_origin(hint) is Annotated:
        return [m for m in hint.__metadata__ if isinstance(m, Mark)], []
    if isinstance(hint, type) and is_dataclass(hint):
        return [], [hint]
    marks: list[Mark] = []
    nested: list[type[Any]] = []
    for inner in get_args(hint):
        more, deeper = _look_into(inner)
        marks += more
        nested += deeper
    return marks, nested
