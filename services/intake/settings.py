"""Settings of intake: those that all services share."""

from __future__ import annotations

from shared.adapters.settings import Settings


class IntakeSettings(Settings):
    """Nothing of its own yet."""
