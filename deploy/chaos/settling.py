"""Waiting for the running server to have done all that its logs lead to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping

from shared.adapters.runtime import Runtime
from shared.kernel.clock import system_clock
from shared.kernel.timing import Due, TimerRule, due_context

SETTLE_SECONDS = 60.0
LOOK_SECONDS = 0.1
STILL = 3
"""How often in a row nothing has moved: a reaction may append, which others must hear."""


async def settled(runtimes: Mapping[str, Runtime], tenants: Collection[str]) -> list[str]:
    """Nothing where every consumer has come to every head and every due time is dealt with, else who is behind."""
    still, before, until = 0, None, time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        heads = {service: await runtime.resources.log.heads() for service, runtime in runtimes.items()}
        behind = await _behind(runtimes, tenants, heads)
        still = still + 1 if not behind and heads == before else 0
        if still >= STILL:
            return []
        before = heads
        await asyncio.sleep(LOOK_SECONDS)
    return behind


async def _behind(
    runtimes: Mapping[str, Runtime], tenants: Collection[str], heads: Mapping[str, Mapping[str, int]]
) -> list[str]:
    found: list[str] = []
    for service, runtime in runtimes.items():
        at = await _positions(runtime)
        for consumer, source in await _consumers(runtime):
            for tenant in tenants:
                head, here = heads[source].get(tenant, 0), at.get((consumer, source, tenant), 0)
                if here < head:
                    found.append(f"{tenant}/{service}: {consumer} is at {source}:{here} of {head}")
        for rule in runtime.wired.timers:
            found += await _unfired(runtime, rule, tenants)
    return found


async def _positions(runtime: Runtime) -> Mapping[tuple[str, str, str], int]:
    rows = await runtime.resources.pool.fetch("select consumer, source, tenant, position from log.checkpoint")
    return {(row["consumer"], row["source"], row["tenant"]): row["position"] for row in rows}


async def _consumers(runtime: Runtime) -> list[tuple[str, str]]:
    rows = await runtime.resources.pool.fetch("select name, shown from log.read_model")
    shown = {row["name"]: f"{row['name']}__{row['shown']}" for row in rows}
    views = [(shown[model.name], source) for model in runtime.wired.models for source in model.sources]
    return views + [(reactor.consumer, source) for source, reactor in runtime.views.reactors.items()]


async def _unfired(runtime: Runtime, rule: TimerRule, tenants: Collection[str]) -> list[str]:
    """What is due and has no outcome yet."""
    rows = await runtime.resources.pool.fetch(
        f'select tenant, id, timer, due_at from read."{rule.model.name}"'  # noqa: S608 - a model's own name
        " where due_at <= $1 and tenant = any ($2)",
        system_clock(),
        list(tenants),
    )
    found = []
    for row in rows:
        due = Due(row["tenant"], row["id"], row["timer"], row["due_at"])
        _, mark = due_context(runtime.name, due, system_clock())
        if not await runtime.resources.store.reacted(due.tenant, mark.name, [mark.causation_id]):
            found.append(f"{due.tenant}/{runtime.name}: {due.timer} of {due.id} has not fired")
    return found
