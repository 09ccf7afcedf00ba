"""Settings of capa: those that all services share."""

from __future__ import annotations

from shared.adapters.settings import Settings


class CapaSettings(Settings):
    """Nothing of its own yet."""
