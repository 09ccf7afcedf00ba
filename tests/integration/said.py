"""What services that don't run here are to have said: events appended to their logs in memory."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.event import Event
from shared.kernel.clock import system_clock
from shared.kernel.decider import Decider
from shared.kernel.handling import Handler
from shared.kernel.ids import new_id
from shared.kernel.memory import MemoryStore, OpenVault
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor


async def said(
    store: MemoryStore, tenant: str, category: str, id_: object, *events: Event, at: datetime | None = None
) -> int:
    """Append these, which happened at that moment (by default now), to one stream; the position of the last one."""
    told: Decider[None, tuple[Event, ...]] = Decider(category, None, lambda command, _: command, lambda state, _: state)
    fresh = new_id()
    context = Context(
        tenant=tenant,
        actor=Actor(subject="elsewhere"),
        now=at or system_clock(),
        key=Key("said", str(fresh), b"f"),
        command_id=fresh,
        correlation_id=fresh,
    )
    handled = await Handler(told, store, OpenVault()).handle(context, id_, events)
    return handled.appended.position
