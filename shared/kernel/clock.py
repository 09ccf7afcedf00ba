"""The one place where the time comes from. The edge asks; the domain gets it in its command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the home that the rule points to
