"""What intake's routes read: a complaint, and the parameters of its list."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.intake.domain.complaint.decider import COMPLAINT
from shared.adapters.http.conventions import Read
from shared.adapters.http.streams import stream_of
from shared.adapters.runtime import Resources, Views
from shared.kernel.recorded import Recorded

SERVICE = "intake"


async def complaint_of(
    resources: Resources, views: Views, read: Read, complaint_id: UUID
) -> tuple[Sequence[Recorded], dict[str, int]]:
    """The complaint's events as of the question, and the vector that was used. Raises NotFound."""
    return await stream_of(resources, views, read, COMPLAINT.stream(complaint_id))
