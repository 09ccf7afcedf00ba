"""given(events).when(command).then(events): the way every decision is tested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from shared.contracts.event import Event
from shared.kernel import chain, codec
from shared.kernel.decider import Decider
from shared.kernel.errors import DomainError
from shared.kernel.ids import derived_id
from shared.kernel.recorded import Actor, Meta, Recorded, encode_meta

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""When a log book's events happen unless they say otherwise: a Monday morning."""

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


class LogBook:
    """A service's log of one tenant, written by hand: what folds of read models and views are tested with."""

    def __init__(self, service: str, tenant: str = "t1") -> None:
        self.service = service
        self.tenant = tenant
        self.events: list[Recorded] = []
        self._versions: dict[str, int] = {}

    def add(self, stream: str, *events: Event, at: datetime = START, by: str = "somebody") -> LogBook:
        """Append events that happened and were recorded at that moment; times may not go back."""
        for event in events:
            self.events.append(self._record(stream, event, at, by))
        return self

    def _record(self, stream: str, event: Event, at: datetime, by: str) -> Recorded:
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        position = len(self.events) + 1
        name, schema_version = codec.name_and_version(event)
        meta = Meta(
            event_id=derived_id("test", self.service, str(position)),
            type=name,
            schema_version=schema_version,
            tenant=self.tenant,
            service=self.service,
            stream=stream,
            version=version,
            occurred_at=at,
            actor=Actor(subject=by),
            correlation_id=derived_id("test", "correlation"),
            command_id=derived_id("test", "command", self.service, str(position)),
        )
        content, data = encode_meta(meta), codec.encode(event)
        before = self.events[-1].hash if self.events else chain.GENESIS
        link = chain.link(before, position, at, chain.digest(content, data))
        return Recorded(position, at, link, content, data)
