"""Reading one thing: its stream as of the question, and personal texts opened for whoever has business with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.http.conventions import Read
from shared.adapters.http.policy import Role
from shared.adapters.privacy import sealed_texts, with_opened
from shared.adapters.runtime import Resources, Views
from shared.kernel.errors import NotFound
from shared.kernel.recorded import Recorded

RESTRICTED = {"zh": "［无权查看］", "en": "[restricted]"}
PERSONAL_READERS: tuple[Role, ...] = (
    "service_agent",
    "quality_engineer",
    "quality_manager",
    "privacy_officer",
    "admin",
)


async def stream_of(
    resources: Resources, views: Views, read: Read, stream: str
) -> tuple[Sequence[Recorded], dict[str, int]]:
    """A stream's events as of the question, and the vector that was used. `stream` is `<what>-<id>`. Raises NotFound.

    The stream is always fresh; with `Suyuan-After` of another service its effects here are waited for first.
    """
    await views.caught_up(read.tenant, read.after, (), read.patience)
    until = await position_of(resources, read)
    loaded = await resources.store.load(read.tenant, stream, until=until)
    if not loaded.events:
        what, _, id_ = stream.partition("-")
        raise NotFound(what=what, id=id_)
    return loaded.events, {resources.service: loaded.events[-1].position if until is None else until}


async def position_of(resources: Resources, read: Read) -> int | None:
    """The position of this service's log that `as_of` means; None: now."""
    if read.as_of is None:
        return None
    if read.as_of.moment is not None:
        return await resources.store.position_at(read.tenant, read.as_of.moment)
    return (read.as_of.positions or {}).get(resources.service, 0)


async def opened(resources: Resources, read: Read, body: Any, *roles: Role) -> Any:
    """A copy with sealed texts opened for `roles` (by default those who may see personal texts), else withheld."""
    sealed = set(sealed_texts(body))
    if not sealed:
        return body
    if not read.principal.has(*(roles or PERSONAL_READERS)):
        withheld = RESTRICTED["zh" if read.language.startswith("zh") else "en"]
        return with_opened(body, dict.fromkeys(sealed, withheld))
    said: Mapping[str, str] = await resources.vault.open(read.tenant, sealed, read.language)
    return with_opened(body, said)
