"""Published rules: each publication is a new, immutable version. One stream a kind of rule and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from services.intake.domain.errors import LengthNotPositive, PolicyIncomplete, said
from shared.contracts.event import Event
from shared.contracts.intake.reference import (
    ClockLength,
    RetentionPolicyPublished,
    SlaPolicyPublished,
    TriageRulesPublished,
)
from shared.contracts.words import Severity
from shared.kernel.decider import Decider

SEVERITIES: tuple[Severity, ...] = ("minor", "major", "critical", "safety")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTriageRules:
    """`document` was checked: every cell compiles, every row can answer (domain.triage.inputs.check_rules)."""

    rules: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSlaPolicy:
    policy: str
    lengths: tuple[ClockLength, ...]
    silence_days: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRetentionPolicy:
    policy: str
    keep_days: int
    basis: str
    reason: str


ReferenceCommand = PublishTriageRules | PublishSlaPolicy | PublishRetentionPolicy
Published = TriageRulesPublished | SlaPolicyPublished | RetentionPolicyPublished


@dataclass(frozen=True, slots=True)
class Reference:
    """The newest version; None: nothing was published."""

    newest: Published | None = None

    @property
    def next_version(self) -> int:
        return self.newest.version + 1 if self.newest else 1


def decide(command: ReferenceCommand, state: Reference) -> Sequence[Event]:
    said(command.reason)
    version = state.next_version
    match command:
        case PublishTriageRules(rules=rules, document=document, reason=reason):
            return (TriageRulesPublished(rules=rules, version=version, document=document, reason=reason),)
        case PublishSlaPolicy():
            return (_sla(command, version),)
        case PublishRetentionPolicy(policy=policy, keep_days=keep_days, basis=basis, reason=reason):
            if keep_days < 0:
                raise LengthNotPositive
            return (
                RetentionPolicyPublished(
                    policy=policy, version=version, keep_days=keep_days, basis=basis, reason=reason
                ),
            )
        case _:
            assert_never(command)


def _sla(command: PublishSlaPolicy, version: int) -> SlaPolicyPublished:
    """Every clock that a complaint needs has exactly one length. Raises PolicyIncomplete, LengthNotPositive."""
    if min(command.silence_days, *(length.hours for length in command.lengths)) < 1:
        raise LengthNotPositive
    given = [(length.clock, length.severity) for length in command.lengths]
    by_severity = {(clock, severity) for clock in ("first_response", "final_answer") for severity in SEVERITIES}
    needed: set[tuple[str, Severity | None]] = {("acknowledgement", None), ("final_answer", None), *by_severity}
    missing = sorted(f"{clock}/{severity or '-'}" for clock, severity in needed - set(given))
    if missing or len(given) != len(set(given)):
        raise PolicyIncomplete(missing=", ".join(missing) or "each clock once")
    return SlaPolicyPublished(
        policy=command.policy,
        version=version,
        calendar="24x7",
        calendar_version=1,
        lengths=command.lengths,
        silence_days=command.silence_days,
        reason=command.reason,
    )


def evolve(state: Reference, event: Event) -> Reference:
    if isinstance(event, (TriageRulesPublished, SlaPolicyPublished, RetentionPolicyPublished)):
        return Reference(event)
    return state


REFERENCE: Decider[Reference, ReferenceCommand] = Decider("reference", Reference(), decide, evolve)
