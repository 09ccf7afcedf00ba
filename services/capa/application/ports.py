"""What capa's reactions look up before they decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from services.capa.domain.capa.commands import Complained


class Recurrences(Protocol):
    """Which complained items could be a recurrence of what a CAPA answers: of one of its products, with a date.

    Both wait until all is known that the logs tell at the time of asking. Raise ViewBehind.
    """

    async def capas(self, tenant: str, complaint_id: UUID, item_no: int) -> Sequence[UUID]:
        """The CAPAs that this item could concern; none while its production date is unknown."""
        ...

    async def item(self, tenant: str, complaint_id: UUID, item_no: int) -> Complained | None: ...

    async def items(self, tenant: str, capa_id: UUID) -> Sequence[Complained]:
        """Every item that could concern this CAPA."""
        ...
