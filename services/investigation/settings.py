"""Settings of the investigation."""

from __future__ import annotations

from pydantic import Field

from shared.adapters.settings import Settings


class InvestigationSettings(Settings):
    """The plant's own."""

    plant_zone: str = Field("Asia/Shanghai", description="Time zone of the plant: days and shifts are told in it.")
