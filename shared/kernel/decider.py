"""An aggregate as three pure parts: where it starts, what a command leads to, what an event changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.contracts.event import Event

S = TypeVar("S")
C = TypeVar("C")


@dataclass(frozen=True)
class Decider(Generic[S, C]):
    """`decide(command, state)` returns the new events or raises a DomainError; no event means: nothing to do.

    `evolve(state, event)` never fails on an event of its own aggregate. `category` names the streams:
    `complaint` → `complaint-<id>`. After Chassaing's decider pattern.
    """

    category: str
    initial: S
    decide: Callable[[C, S], Sequence[Event]]
    evolve: Callable[[S, Event], S]

    def fold(self, events: Iterable[Event], state: S | None = None) -> S:
        state = self.initial if state is None else state
        for event in events:
            state = self.evolve(state, event)
        return state

    def stream(self, id_: object) -> str:
        return f"{self.category}-{id_}"
