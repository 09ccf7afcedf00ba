"""Settings of analytics: those that all services share."""

from __future__ import annotations

from shared.adapters.settings import Settings


class AnalyticsSettings(Settings):
    """Nothing of its own yet."""
