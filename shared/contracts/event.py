"""What an event of the published language is: a frozen dataclass, named and titled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, dataclass_transform


class Event:
    """Base of every event. An event is a fact of the past: immutable, made of standard types, never a float."""

    __slots__ = ()


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class EventType:
    """How an event is known outside: `intake.ComplaintRegistered`, its schema version and its title."""

    name: str
    version: int
    zh: str
    en: str
    cls: type[Event]

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


_BY_NAME: dict[str, EventType] = {}
_BY_CLASS: dict[type[Event], EventType] = {}

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType(_BY_NAME)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(*, zh: str, en: str, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Declare an event of the service whose folder the class stands in (`shared/contracts/<service>/…`)."""

    def declare(cls: type[E]) -> type[E]:
        made = dataclass(frozen=True, kw_only=True, slots=True)(cls)
        service = made.__module__.split(".")[2]
        kind = EventType(name=f"{service}.{made.__name__}", version=version, zh=zh, en=en, cls=made)
        if kind.name in _BY_NAME:
            raise TypeError(f"{kind.name} is declared twice")
        _BY_NAME[kind.name] = kind
        _BY_CLASS[made] = kind
        return made

    return declare


def type_of(cls: type[Event]) -> EventType:
    return _BY_CLASS[cls]
