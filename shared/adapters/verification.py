"""One service verified whole: its chain, the heads signed outside, then everything that its events anchor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from shared.adapters.anchors import Anchor, first_broken
from shared.adapters.heads import HeadBook, HeadsUnreadable
from shared.adapters.held_heads import HeadFault, HeldHeads, held_heads, late
from shared.adapters.postgres.verify import Verdict, tenants, verify
from shared.adapters.runtime import Resources

Part = Literal["chain", "anchors"]
Progress = Callable[[Part, int, int], None]
"""Gets the part that is verified, how many of its events are done, and how many there are."""


async def verify_service(
    resources: Resources,
    anchors: Sequence[Anchor],
    tenant: str,
    progress: Progress | None = None,
    copies: Sequence[HeadBook] = (),
) -> Verdict:
    """The verdict on one tenant's log in this service: the first bad position of chain and anchors together.

    Where there is none, what is wrong with the files of signed heads. `copies`: heads that were kept elsewhere.
    """

    def seen(part: Part) -> Callable[[int, int], None]:
        return lambda done, total: progress(part, done, total) if progress else None

    key = resources.secrets.heads.public_key()
    held = await held_heads([resources.heads, *copies], tenant, key)
    verdict = await verify(resources.pool, resources.service, tenant, held.heads, key, seen("chain"))
    if verdict.fault == "unreadable":
        return verdict  # a scan for anchors would meet the same damage
    sound = verdict.events + 1 if verdict.whole else verdict.bad_position or 1
    broken = await first_broken(resources.pool, tenant, anchors, sound, seen("anchors"))
    if broken is not None:
        position, found = broken
        return replace(verdict, bad_position=position, fault=found.fault, detail=found.detail)
    return await _heads_judged(resources, held, verdict)


async def _heads_judged(resources: Resources, held: HeldHeads, verdict: Verdict) -> Verdict:
    found: HeadFault | None
    if verdict.fault == "signature_invalid":
        found = next(fault for fault in held.faults if fault.position == verdict.bad_position)
    elif not verdict.whole:
        return verdict
    elif held.faults:
        found = held.faults[0]
    else:
        signed = max(held.local, default=0)
        found = await late(resources.pool, resources.heads, verdict.tenant, signed, verdict.events)
    if found is None:
        return verdict
    return replace(verdict, bad_position=found.position, fault=found.fault, detail=found.detail)


async def audited_tenants(resources: Resources, copies: Sequence[HeadBook] = ()) -> list[str]:
    """Those of the database, and those that somebody signed for: a log that is gone altogether is found too."""
    found = await tenants(resources.pool)
    for book in (resources.heads, *copies):
        try:
            found |= (await book.last()).keys()
        except HeadsUnreadable:
            continue  # said by the verdict on every tenant
    return sorted(found)
