"""Another service's event becomes an own command, once, however often the event comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.kernel.ids import derived_id
from shared.kernel.ports import Context, Key, Reaction
from shared.kernel.recorded import Actor, Recorded


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a rule gets: the event, and the context and mark under which its command must be handled."""

    recorded: Recorded
    context: Context
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class ReactionRule:
    """`on` are event type names of `source`'s log. `run` handles one command with `trigger.context` and `.reaction`.

    Where one event concerns several streams, `targets` names them (ids as text): `run` is called once for each, with
    a mark of its own. A DomainError of the decider is recorded as the reaction's outcome, never raised.
    """

    name: str
    source: str
    on: frozenset[str]
    run: Callable[[Trigger, str], Awaitable[object]]
    targets: Callable[[Recorded], Awaitable[list[str]]]


def trigger(service: str, rule: ReactionRule, target: str, recorded: Recorded, now: datetime) -> Trigger:
    """The command's id is derived from rule, target and event: the same for ever."""
    meta = recorded.meta
    name = f"{rule.name}:{target}" if target else rule.name
    command_id = derived_id("reaction", service, name, str(meta.event_id))
    context = Context(
        tenant=meta.tenant,
        actor=Actor(subject=f"service:{service}", on_behalf_of=meta.actor.subject),
        now=now,
        key=Key(scope="reaction", key=str(command_id), fingerprint=command_id.bytes),
        command_id=command_id,
        correlation_id=meta.correlation_id,
        causation_id=meta.event_id,
        traceparent=meta.traceparent,
    )
    return Trigger(recorded, context, Reaction(name=name, causation_id=meta.event_id))
