"""One service verified whole: its chain, the heads signed outside, then everything that its events anchor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from shared.adapters.anchors import Anchor, first_broken
from shared.adapters.postgres.verify import Verdict, tenants, verify
from shared.adapters.runtime import Resources

Part = Literal["chain", "anchors"]
Progress = Callable[[Part, int, int], None]
"""Gets the part that is verified, how many of its events are done, and how many there are."""


async def verify_service(
    resources: Resources, anchors: Sequence[Anchor], tenant: str, progress: Progress | None = None
) -> Verdict:
    """The verdict on one tenant's log in this service: the first bad position of chain and anchors together."""

    def seen(part: Part) -> Callable[[int, int], None]:
        return lambda done, total: progress(part, done, total) if progress else None

    key = resources.secrets.heads.public_key()
    signed = resources.heads.read()
    verdict = await verify(resources.pool, resources.service, tenant, signed, key, seen("chain"))
    if verdict.fault == "unreadable":
        return verdict  # a scan for anchors would meet the same damage
    sound = verdict.events + 1 if verdict.whole else verdict.bad_position or 1
    broken = await first_broken(resources.pool, tenant, anchors, sound, seen("anchors"))
    if broken is None:
        return verdict
    position, found = broken
    return replace(verdict, bad_position=position, fault=found.fault, detail=found.detail)


async def audited_tenants(resources: Resources) -> list[str]:
    """Those of the database, and those that somebody signed for: a log that is gone altogether is found too."""
    return sorted(await tenants(resources.pool) | {head.tenant for head in resources.heads.read()})
