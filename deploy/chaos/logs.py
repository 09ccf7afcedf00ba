"""What must hold of the logs alone, and of the logs beside what clients were told.

Pure, so that it can be tried on logs that were doctored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from deploy.chaos.findings import Finding
from deploy.chaos.journal import Write
from services.intake.domain.complaint.clocks import deadlines
from shared.contracts.intake.complaint import ComplaintRegistered, DeadlineBreached
from shared.kernel.recorded import Recorded

Logs = Mapping[str, Sequence[Recorded]]
"""One tenant's events by service."""

TIMER_SECONDS = 15
SERVICE = "service:"


def gapless(service: str, log: Sequence[Recorded]) -> Iterator[Finding]:
    """Positions 1, 2, 3 …; versions 1, 2, 3 … in each stream; no event twice; a command's events side by side."""
    versions: Counter[str] = Counter()
    commands: dict[UUID, int] = {}
    seen: set[UUID] = set()
    for expected, recorded in enumerate(log, start=1):
        meta, where = recorded.meta, f"{service}:{recorded.position}"
        versions[meta.stream] += 1
        if recorded.position != expected:
            yield Finding("gaps", f"{where} stands where {expected} should")
        if meta.version != versions[meta.stream]:
            yield Finding("gaps", f"{where} is {meta.stream}@{meta.version}, the {versions[meta.stream]}th")
        if meta.event_id in seen:
            yield Finding("double", f"{where} is event {meta.event_id} again")
        if commands.get(meta.command_id, expected - 1) != expected - 1:
            yield Finding("double", f"{where} belongs to command {meta.command_id}, which was done before")
        seen.add(meta.event_id)
        commands[meta.command_id] = expected


def told(writes: Iterable[Write], logs: Logs) -> Iterator[Finding]:
    """What was acknowledged is there, once; what was refused left nothing; and nobody else has written."""
    caused: defaultdict[UUID, list[tuple[str, Recorded]]] = defaultdict(list)
    for service, log in logs.items():
        for recorded in log:
            if recorded.meta.causation_id is None and not recorded.meta.actor.subject.startswith(SERVICE):
                caused[recorded.meta.correlation_id].append((service, recorded))
    for write in writes:
        yield from _told(write, caused.pop(write.key, []))
    for key, events in caused.items():
        yield Finding("double", f"nobody asked for {len(events)} event(s) under {key}")


def _told(write: Write, events: Sequence[tuple[str, Recorded]]) -> Iterator[Finding]:
    answer = write.answer
    places = {f"{service}:{recorded.position}" for service, recorded in events}
    if answer is None:
        yield Finding("lost", f"{write} was never answered")
    elif not answer.acknowledged:
        if events:
            yield Finding("double", f"{write} was refused ({answer.status}) and done: {sorted(places)}")
    elif answer.did_something and answer.position not in places:
        yield Finding("lost", f"{write} was acknowledged at {answer.position}, the log has it at {sorted(places)}")
    elif not answer.did_something and events:
        yield Finding("double", f"{write} was told that nothing was to do, and done: {sorted(places)}")
    if len({recorded.meta.command_id for _, recorded in events}) > 1:
        yield Finding("double", f"{write} was done more than once: {sorted(places)}")


def unique(log: Sequence[Recorded]) -> Iterator[Finding]:
    """Complaint numbers have no duplicates; one source reference is one complaint."""
    seen: Counter[tuple[str, str]] = Counter()
    for recorded in log:
        if isinstance(recorded.event, ComplaintRegistered):
            seen["number", recorded.event.complaint_no] += 1
            if recorded.event.source_reference:
                seen["source", f"{recorded.event.channel} {recorded.event.source_reference}"] += 1
    yield from (Finding("double", f"{what} {which}: {n} complaints") for (what, which), n in seen.items() if n > 1)


def reacted(
    service: str,
    expected: Collection[tuple[str, UUID]],
    outcomes: Mapping[tuple[str, UUID], str],
    log: Sequence[Recorded],
) -> Iterator[Finding]:
    """Each (reaction, cause) has an outcome; one that was applied left its events by one command, another none.

    A reaction named `rule:target` writes to a stream that ends with the target.
    """
    done: defaultdict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in log:
        if recorded.meta.causation_id is not None:
            done[recorded.meta.causation_id].append(recorded)
    for name, cause in expected:
        outcome = outcomes.get((name, cause))
        target = name.partition(":")[2]
        events = [r for r in done[cause] if r.meta.stream.endswith(target)]
        if outcome is None or (outcome == "applied" and not events):
            yield Finding("lost", f"{service}: {name} of {cause}, outcome {outcome}, {len(events)} events")
        if len({r.meta.command_id for r in events}) > 1 or (outcome not in (None, "applied") and events):
            yield Finding("double", f"{service}: {name} of {cause}, outcome {outcome}, {len(events)} events")


def clocks(log: Sequence[Recorded], now: datetime) -> Iterator[Finding]:
    """A deadline breaks once, and none that has passed is forgotten."""
    broken: Counter[tuple[str, str, datetime]] = Counter()
    streams: defaultdict[str, list[Recorded]] = defaultdict(list)
    for recorded in log:
        if recorded.meta.stream.startswith("complaint-"):
            streams[recorded.meta.stream].append(recorded)
        if isinstance(recorded.event, DeadlineBreached):
            broken[recorded.meta.stream, recorded.event.clock, recorded.event.due_at] += 1
    yield from (Finding("double", f"{which[0]} broke {which[1]} {n} times") for which, n in broken.items() if n > 1)
    passed = now - timedelta(seconds=TIMER_SECONDS)
    for stream, events in streams.items():
        for one in deadlines(events):
            clock = one.clock
            late = clock.due_at < passed and (clock.met_at is None or clock.met_at > clock.due_at)
            if late and not clock.breached:
                yield Finding("lost", f"{stream}: {clock.clock} was due {clock.due_at} and nobody said so")
