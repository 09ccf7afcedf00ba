"""given(events).when(command).then(events): the way every decision is tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from shared.contracts.event import Event
from shared.kernel.decider import Decider
from shared.kernel.errors import DomainError

F = TypeVar("F", bound=DomainError)


class Specification:
    """One decider under test: `Specification(complaint).given(registered()).when(Acknowledge(…)).then(…)`."""

    def __init__(self, decider: Decider[Any, Any]) -> None:
        self._decider = decider

    def given(self, *events: Event | Sequence[Event]) -> Given:
        flat: list[Event] = []
        for one in events:
            flat.extend([one] if isinstance(one, Event) else one)
        return Given(self._decider, flat)


class Given:
    def __init__(self, decider: Decider[Any, Any], events: list[Event]) -> None:
        self._decider = decider
        self._events = events

    def when(self, command: object) -> Outcome:
        state = self._decider.fold(self._events)
        try:
            return Outcome(list(self._decider.decide(command, state)), None)
        except DomainError as refusal:
            return Outcome([], refusal)

    @property
    def state(self) -> Any:
        return self._decider.fold(self._events)


class Outcome:
    def __init__(self, events: list[Event], refusal: DomainError | None) -> None:
        self.events = events
        self.refusal = refusal

    def then(self, *expected: Event) -> None:
        if self.refusal is not None:
            raise AssertionError(f"expected events, was refused: {self.refusal!r}") from self.refusal
        if self.events != list(expected):
            raise AssertionError(f"expected {list(expected)}\n     got {self.events}")

    def then_nothing(self) -> None:
        self.then()

    def refused(self, error: type[F], **facts: object) -> F:
        if not isinstance(self.refusal, error):
            raise AssertionError(f"expected {error.__name__}, got {self.refusal!r} and {self.events}")
        wrong = {k: self.refusal.facts.get(k) for k, v in facts.items() if self.refusal.facts.get(k) != v}
        if wrong:
            raise AssertionError(f"expected {facts}, the refusal says {wrong}")
        return self.refusal
