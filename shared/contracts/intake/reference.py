"""Published rules of intake: each version immutable, named in the events it led to."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.event import Event, event
from shared.contracts.words import ClockName, Severity


@event(zh="分级规则已发布", en="Triage rules published")
class TriageRulesPublished(Event):
    """`document` is a decision table in JDM (JSON text)."""

    rules: str
    version: int
    document: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLength:
    """How long a clock runs, in hours of the calendar. `severity` None: before triage."""

    clock: ClockName
    hours: int
    severity: Severity | None = None


@event(zh="时限政策已发布", en="SLA policy published")
class SlaPolicyPublished(Event):
    """`silence_days`: after so many days without an answer an offered resolution counts as accepted (rule 15)."""

    policy: str
    version: int
    calendar: str
    calendar_version: int
    lengths: tuple[ClockLength, ...]
    silence_days: int
    reason: str


@event(zh="保留政策已发布", en="Retention policy published")
class RetentionPolicyPublished(Event):
    """Personal data of a complaint is kept so many days after its closure; `basis` names the law or contract."""

    policy: str
    version: int
    keep_days: int
    basis: str
    reason: str
