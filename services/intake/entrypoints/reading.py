"""What intake's routes read: a complaint, and the parameters of its list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.complaint.decider import COMPLAINT
from shared.adapters.http.conventions import Read
from shared.adapters.http.edge_errors import BadParameter
from shared.adapters.http.positions import parse_as_of
from shared.adapters.http.streams import stream_of
from shared.adapters.runtime import Resources, Views
from shared.kernel.recorded import Recorded

SERVICE = "intake"


async def complaint_of(
    resources: Resources, views: Views, read: Read, complaint_id: UUID
) -> tuple[Sequence[Recorded], dict[str, int]]:
    """The complaint's events as of the question, and the vector that was used. Raises NotFound."""
    return await stream_of(resources, views, read, COMPLAINT.stream(complaint_id))


def moment_of(name: str, text: str | None) -> datetime | None:
    """A time in a query. Raises BadParameter."""
    if text is None:
        return None
    try:
        moment = parse_as_of(text).moment
    except BadParameter:
        moment = None
    if moment is None:
        raise BadParameter(
            parameter=name, expected_zh="应为带时区的 RFC 3339 时间", expected_en="an RFC 3339 time with its offset"
        )
    return moment


def cursor_of(after: Sequence[Any] | None) -> tuple[str, UUID] | None:
    """Where the list goes on: the sort value as text, and the id."""
    return None if after is None else (str(after[0]), UUID(after[1]))
