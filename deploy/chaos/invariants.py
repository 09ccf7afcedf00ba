"""Every invariant after a crash, read from the database of the running system and asked of it over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from deploy.chaos.findings import Finding, Kind
from deploy.chaos.journal import Journal
from deploy.chaos.logs import Logs, clocks, gapless, reacted, told, unique
from deploy.chaos.settling import settled
from deploy.chaos.views import Folds
from shared.adapters.postgres.verify import Fault
from shared.adapters.runtime import Runtime
from shared.adapters.verification import verify_service
from shared.kernel.clock import system_clock
from shared.kernel.reacting import ReactionRule, trigger
from shared.kernel.recorded import Recorded

PAGE = 1000
LOST: frozenset[Fault] = frozenset({"tail_cut", "facts_differ", "blob_missing", "blob_differs"})
"""Faults by which something acknowledged is gone; the others are breaks of the chain."""


class Inspector:
    """Looks at the same system again and again; a new one begins from position 0."""

    def __init__(self, tenants: Collection[str]) -> None:
        self._tenants = tuple(tenants)
        self._logs: dict[tuple[str, str], list[Recorded]] = {}
        self._folds = Folds()

    async def inspect(self, runtimes: Mapping[str, Runtime], journal: Journal) -> list[Finding]:
        """Waits until the server has caught up; clients must be silent meanwhile."""
        found = [Finding("view_mismatches", behind) for behind in await settled(runtimes, self._tenants)]
        for tenant in self._tenants:
            for runtime in runtimes.values():
                found += await self._read(runtime, tenant)
            logs = {service: self._logs[service, tenant] for service in runtimes}
            for service, log in logs.items():
                found += gapless(f"{tenant}/{service}", log)
            found += told(journal.of(tenant), logs)
            found += unique(logs["intake"])
            found += clocks(logs["intake"], system_clock())
            for runtime in runtimes.values():
                found += await _verified(runtime, tenant)
                found += await _reacted(runtime, tenant, logs)
                found += await self._folds.compare(runtime, tenant, logs)
        return found

    async def _read(self, runtime: Runtime, tenant: str) -> Sequence[Finding]:
        """What is new of the log. What was there before is the same as long as its last hash is."""
        log = self._logs.setdefault((runtime.name, tenant), [])
        if log and [r.hash for r in await runtime.resources.log.read(tenant, len(log) - 1, 1)] != [log[-1].hash]:
            return [Finding("lost", f"{tenant}/{runtime.name}:{len(log)} is not what it was after the last crash")]
        while batch := await runtime.resources.log.read(tenant, len(log), PAGE):
            log += batch
        return ()


async def _verified(runtime: Runtime, tenant: str) -> Iterable[Finding]:
    """Chain, signed heads, facts and files."""
    verdict = await verify_service(runtime.resources, runtime.wired.anchors, tenant)
    if verdict.fault is None:
        return ()
    kind: Kind = "lost" if verdict.fault in LOST else "gaps"
    where = f"{tenant}/{runtime.name}:{verdict.bad_position}"
    return [Finding(kind, f"{where} {verdict.fault} {verdict.detail or ''}")]


async def _reacted(runtime: Runtime, tenant: str, logs: Logs) -> Iterable[Finding]:
    rows = await runtime.resources.pool.fetch(
        "select name, causation_id, outcome from log.reaction where tenant = $1", tenant
    )
    outcomes = {(row["name"], row["causation_id"]): row["outcome"] for row in rows}
    expected = [mark for rule in runtime.wired.reactions for mark in await _marks(runtime, rule, logs[rule.source])]
    return reacted(f"{tenant}/{runtime.name}", expected, outcomes, logs[runtime.name])


async def _marks(runtime: Runtime, rule: ReactionRule, log: Sequence[Recorded]) -> list[tuple[str, UUID]]:
    marks = []
    for recorded in log:
        if recorded.meta.type in rule.on:
            for target in await rule.targets(recorded):
                mark = trigger(runtime.name, rule, target, recorded, system_clock())
                marks.append((mark.reaction.name, mark.reaction.causation_id))
    return marks
