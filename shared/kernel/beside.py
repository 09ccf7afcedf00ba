"""What an append keeps beside its events, as far as the events themselves tell it.

For a log that is brought in from its published copy: without it a number or a reference could be taken twice, a
reaction or a timer would have its effect again, and a destroyed key would be back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from shared.kernel.ids import derived_id
from shared.kernel.ports import Claim, Reaction
from shared.kernel.recorded import Meta, Recorded

_NUMBER = re.compile(r"[A-Z](\d{4})-(\d+)")


@dataclass(frozen=True, slots=True)
class Drawn:
    """That a human number of this scope and year was used: the next one is above."""

    scope: str
    year: int
    number: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Beside one event. `destroyed` are the owners whose keys went with it."""

    claims: tuple[Claim, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    destroyed: tuple[UUID, ...] = ()


NOTHING = Beside()


def nothing(recorded: Recorded) -> Beside:
    """Of a service that keeps nothing beside its events."""
    del recorded
    return NOTHING


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a service keeps beside its events: `beside` says it of one, `timers` are the names of its timers."""

    beside: Callable[[Recorded], Beside] = nothing
    timers: tuple[str, ...] = ()


NOTHING_KEPT = Keeping()


def numbered(scope: str, written: str) -> tuple[Drawn, ...]:
    """Of `A2026-0001`; nothing of what is written otherwise."""
    found = _NUMBER.fullmatch(written)
    return () if found is None else (Drawn(scope, int(found[1]), int(found[2])),)


def mark_of(meta: Meta, rules: Iterable[str], timers: Iterable[str]) -> Reaction | None:
    """Which reaction rule, or which timer, made this event; None where a person did.

    A command's id is derived from rule, target and cause, or from stream, timer and due instant: the one whose
    derivation comes to this event's command is the one. A target is the id of the stream that it writes to.
    """
    target = meta.stream.partition("-")[2]
    if meta.causation_id is not None:
        for name in (name for rule in rules for name in (f"{rule}:{target}", rule)):
            if derived_id("reaction", meta.service, name, str(meta.causation_id)) == meta.command_id:
                return Reaction(name, meta.causation_id)
        return None
    for timer in timers:
        if derived_id("timer", meta.service, target, timer, meta.occurred_at.isoformat()) == meta.command_id:
            return Reaction(f"timer:{timer}", meta.command_id)
    return None
