"""Service clocks of a complaint: a fold over its events (rule 4).

They start at *received*; a re-triage gives them new due times from its own moment and keeps the first promise, so that
nobody is late retroactively. Any word to the customer acknowledges, a person's is the first response, the one that
tells the decision the final answer. Their calendar is 24x7 for now: hours are elapsed hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.intake.complaint import (
    ComplaintAcknowledged,
    ComplaintRegistered,
    ComplaintTriaged,
    CustomerResponseSent,
    DeadlineBreached,
    Promise,
)
from shared.contracts.intake.reference import SlaPolicyPublished
from shared.contracts.words import ClockName, Severity
from shared.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock:
    """`first_due_at` is the first promise; `met_at` None: still running."""

    clock: ClockName
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    policy: str
    policy_version: int
    met_at: datetime | None = None
    breached: bool = False

    @property
    def runs(self) -> bool:
        return self.met_at is None


Clocks = tuple[RunningClock, ...]


def promises(sla: SlaPolicyPublished, severity: Severity | None, start: datetime) -> tuple[Promise, ...]:
    """What the policy promises from `start` for this severity (None: what holds before triage)."""
    return tuple(
        Promise(
            clock=length.clock,
            due_at=start + timedelta(hours=length.hours),
            policy=sla.policy,
            policy_version=sla.version,
            calendar=sla.calendar,
            calendar_version=sla.calendar_version,
        )
        for length in sla.lengths
        if length.severity == severity
    )


def still_to_keep(made: Iterable[Promise], clocks: Clocks, replied: bool) -> tuple[Promise, ...]:
    """Nothing is promised that was done already: a clock that is met, a first response that was given before triage.

    Nor what was broken already at that very due time: its timer has fired, once and for ever.
    """
    done = {c.clock for c in clocks if not c.runs} | ({"first_response"} if replied else set())
    broken = {(c.clock, c.due_at) for c in clocks if c.breached}
    return tuple(p for p in made if p.clock not in done and (p.clock, p.due_at) not in broken)


def evolve(clocks: Clocks, event: Event) -> Clocks:
    match event:
        case ComplaintRegistered(promises=made, received_at=start):
            return _promised(clocks, made, start)
        case ComplaintTriaged(promises=made):
            return _promised(clocks, made, None)
        case ComplaintAcknowledged(acknowledged_at=at, automatic=automatic):
            met = _met(clocks, "acknowledgement", at)
            return met if automatic else _met(met, "first_response", at)
        case CustomerResponseSent(sent_at=at, automatic=automatic, tells_decision=tells):
            met = _met(clocks, "acknowledgement", at)
            met = met if automatic else _met(met, "first_response", at)
            return _met(met, "final_answer", at) if tells else met
        case DeadlineBreached(clock=name, due_at=due):
            return tuple(replace(c, breached=True) if (c.clock, c.due_at) == (name, due) else c for c in clocks)
        case _:
            return clocks


def _promised(clocks: Clocks, made: Iterable[Promise], start: datetime | None) -> Clocks:
    """New promises start clocks and re-target running ones; a met clock stays met."""
    known = {c.clock: c for c in clocks}
    received = start or (clocks[0].started_at if clocks else None)
    for promise in made:
        old = known.get(promise.clock)
        if old is None and received is not None:
            known[promise.clock] = RunningClock(
                clock=promise.clock,
                started_at=received,
                due_at=promise.due_at,
                first_due_at=promise.due_at,
                policy=promise.policy,
                policy_version=promise.policy_version,
            )
        elif old is not None and old.runs:
            known[promise.clock] = replace(
                old,
                due_at=promise.due_at,
                policy=promise.policy,
                policy_version=promise.policy_version,
                breached=False,
            )
    return tuple(known.values())


def _met(clocks: Clocks, name: ClockName, at: datetime) -> Clocks:
    return tuple(replace(c, met_at=at) if c.clock == name and c.runs else c for c in clocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One event that made a clock what it is."""

    position: int
    event_id: UUID
    type: str
    recorded_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The answer to "why is it due then?": the clock and the events behind it, oldest first."""

    clock: RunningClock
    because: tuple[Because, ...]


def deadlines(events: Iterable[Recorded]) -> tuple[Deadline, ...]:
    """Each clock of a complaint's stream with every event that changed it."""
    clocks: Clocks = ()
    because: dict[ClockName, tuple[Because, ...]] = {}
    for recorded in events:
        before = {c.clock: c for c in clocks}
        clocks = evolve(clocks, recorded.event)
        for clock in clocks:
            if before.get(clock.clock) != clock:
                because[clock.clock] = (*because.get(clock.clock, ()), _because(recorded, clock))
    return tuple(Deadline(clock=c, because=because[c.clock]) for c in clocks)


def _because(recorded: Recorded, clock: RunningClock) -> Because:
    return Because(
        position=recorded.position,
        event_id=recorded.meta.event_id,
        type=recorded.meta.type,
        recorded_at=recorded.recorded_at,
        due_at=clock.due_at,
    )
