"""What the routes read: a complaint's stream as of a position, opened for whoever may see personal texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.complaint.decider import COMPLAINT
from shared.adapters.http.conventions import Read
from shared.adapters.http.edge_errors import BadParameter
from shared.adapters.http.positions import parse_as_of
from shared.adapters.privacy import sealed_texts, with_opened
from shared.adapters.runtime import Resources, Views
from shared.kernel.errors import NotFound
from shared.kernel.recorded import Recorded

SERVICE = "intake"
RESTRICTED = {"zh": "［无权查看］", "en": "[restricted]"}


async def stream_of(
    resources: Resources, views: Views, read: Read, complaint_id: UUID
) -> tuple[Sequence[Recorded], dict[str, int]]:
    """The complaint's events as of the question, and the vector that was used. Raises NotFound.

    The stream is always fresh; with `Suyuan-After` of another service its effects here are waited for first.
    """
    await views.caught_up(read.tenant, read.after, (), read.patience)
    until = await position_of(resources, read)
    loaded = await resources.store.load(read.tenant, COMPLAINT.stream(complaint_id), until=until)
    if not loaded.events:
        raise NotFound(what="complaint", id=str(complaint_id))
    return loaded.events, {SERVICE: loaded.events[-1].position if until is None else until}


async def position_of(resources: Resources, read: Read) -> int | None:
    """The log position that `as_of` means; None: now."""
    if read.as_of is None:
        return None
    if read.as_of.moment is not None:
        return await resources.store.position_at(read.tenant, read.as_of.moment)
    return (read.as_of.positions or {}).get(SERVICE, 0)


async def opened(resources: Resources, read: Read, body: Any) -> Any:
    """A copy with personal texts opened, or withheld from roles that have no business with them."""
    sealed = set(sealed_texts(body))
    if not sealed:
        return body
    if not read.principal.has("service_agent", "quality_engineer", "quality_manager", "privacy_officer", "admin"):
        withheld = RESTRICTED["zh" if read.language.startswith("zh") else "en"]
        return with_opened(body, dict.fromkeys(sealed, withheld))
    said: Mapping[str, str] = await resources.vault.open(read.tenant, sealed, read.language)
    return with_opened(body, said)


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
