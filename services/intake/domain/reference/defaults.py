"""What holds until a tenant publishes its own: named `default`, version 0, and said so in the events."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.intake.reference import ClockLength, SlaPolicyPublished
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
    version=0,
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
