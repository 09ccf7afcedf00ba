"""What holds until a tenant publishes its own: named `default`, version 1, and said so in the events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.contracts.intake.reference import ClockLength, SlaPolicyPublished, TriageRulesPublished
from shared.contracts.words import Severity

_BY_SEVERITY: Mapping[Severity, tuple[int, int]] = {
    "minor": (72, 720),
    "major": (24, 336),
    "critical": (8, 168),
    "safety": (4, 72),
}
"""First response and final answer, hours."""

DEFAULT_SLA = SlaPolicyPublished(
    policy="default",
    version=1,
    calendar="24x7",
    calendar_version=1,
    lengths=(
        ClockLength(clock="acknowledgement", hours=24),
        ClockLength(clock="final_answer", hours=720),
        *(ClockLength(clock="first_response", hours=first, severity=s) for s, (first, _) in _BY_SEVERITY.items()),
        *(ClockLength(clock="final_answer", hours=final, severity=s) for s, (_, final) in _BY_SEVERITY.items()),
    ),
    silence_days=14,
    reason="built in",
)


@cache
def default_triage() -> TriageRulesPublished:
    """The decision table that ships with intake."""
    table = Path(__file__).parents[1] / "triage" / "default_triage.json"
    return TriageRulesPublished(
        rules="default", version=1, document=table.read_text(encoding="utf-8"), reason="built in"
    )
