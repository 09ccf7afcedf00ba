"""Settings of the investigation: those that all services share."""

from __future__ import annotations

from shared.adapters.settings import Settings


class InvestigationSettings(Settings):
    """Nothing of its own yet."""
