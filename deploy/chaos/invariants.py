"""What must hold after any crash, read from the database of the running system."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deploy.chaos.writers import Acknowledged
from shared.adapters.postgres.projector import Projector
from shared.adapters.postgres.verify import verify
from shared.adapters.runtime import Runtime
from shared.contracts.intake.complaint import ComplaintAcknowledged, ComplaintRegistered
from shared.contracts.investigation.investigation import ComplaintJoined, InvestigationOpened
from shared.kernel.readmodel import Row, RowKey, project
from shared.kernel.recorded import Recorded

SETTLE_SECONDS = 30.0
PAGE = 1000


@dataclass(slots=True)
class Findings:
    """All zero where nothing was harmed."""

    lost: int = 0
    double: int = 0
    gaps: int = 0
    view_mismatches: int = 0
    said: list[str] = field(default_factory=list)

    def note(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        self.said.append(f"{kind}: {what}")

    @property
    def harmed(self) -> bool:
        return bool(self.lost or self.double or self.gaps or self.view_mismatches)


async def check(runtimes: Mapping[str, Runtime], tenant: str, acknowledged: Sequence[Acknowledged]) -> Findings:
    findings = Findings()
    await settled(runtimes, tenant)
    logs = {service: await events_of(runtime, tenant) for service, runtime in runtimes.items()}
    await _nothing_lost(runtimes["intake"], tenant, acknowledged, findings)
    _nothing_double(logs, findings)
    for runtime in runtimes.values():
        await _chain_whole(runtime, tenant, findings)
        await _views_are_folds(runtime, tenant, logs, findings)
    return findings


async def settled(runtimes: Mapping[str, Runtime], tenant: str) -> None:
    """Wait until every consumer of the running server has come to the heads, and stays there."""
    still, before = 0, None
    for _ in range(int(SETTLE_SECONDS / 0.1)):
        now = await _positions(runtimes, tenant)
        still = still + 1 if now == before and now[0] == now[1] else 0
        if still >= 3:  # noqa: PLR2004 - a reaction may append, which its own consumers must hear
            return
        before = now
        await asyncio.sleep(0.1)


async def _positions(
    runtimes: Mapping[str, Runtime], tenant: str
) -> tuple[dict[tuple[str, str, str], int], dict[tuple[str, str, str], int]]:
    """Where each consumer should be, and where it is."""
    heads = {service: (await runtime.resources.log.heads()).get(tenant, 0) for service, runtime in runtimes.items()}
    wanted: dict[tuple[str, str, str], int] = {}
    found: dict[tuple[str, str, str], int] = {}
    for service, runtime in runtimes.items():
        shown = {
            row["name"]: f"{row['name']}__{row['shown']}"
            for row in await runtime.resources.pool.fetch("select name, shown from log.read_model")
        }
        consumers = [(shown.get(m.name, m.name), s) for m in runtime.wired.models for s in m.sources]
        consumers += [(r.consumer, source) for source, r in runtime.views.reactors.items()]
        rows = await runtime.resources.pool.fetch(
            "select consumer, source, position from log.checkpoint where tenant = $1", tenant
        )
        at = {(row["consumer"], row["source"]): row["position"] for row in rows}
        for consumer, source in consumers:
            wanted[service, consumer, source] = heads[source]
            found[service, consumer, source] = at.get((consumer, source), 0)
    return wanted, found


async def events_of(runtime: Runtime, tenant: str) -> list[Recorded]:
    found: list[Recorded] = []
    while batch := await runtime.resources.log.read(tenant, len(found), PAGE):
        found += batch
    return found


async def _nothing_lost(
    runtime: Runtime, tenant: str, acknowledged: Sequence[Acknowledged], findings: Findings
) -> None:
    rows = await runtime.resources.pool.fetch(
        "select c.key, c.answer, c.position, e.position found from log.command c"
        " left join log.event e on e.tenant = c.tenant and e.position = c.position"
        " where c.tenant = $1 and c.key = any ($2)",
        tenant,
        [one.key for one in acknowledged],
    )
    known = {row["key"]: row for row in rows}
    for one in acknowledged:
        row = known.get(one.key)
        if row is None and one.what == "triage":
            continue  # decided nothing new
        if row is None or row["answer"] != one.answer or row["found"] is None:
            findings.note("lost", f"{one.what} {one.key}")


def _nothing_double(logs: Mapping[str, Sequence[Recorded]], findings: Findings) -> None:
    """Once for each: a registration by its source reference, an acknowledgement, a reaction's effect."""
    seen: Counter[tuple[str, object]] = Counter()
    for log in logs.values():
        for recorded in log:
            match recorded.event:
                case ComplaintRegistered(source_reference=reference):
                    seen["registered", reference] += 1
                case ComplaintAcknowledged(complaint_id=id_):
                    seen["acknowledged", id_] += 1
                case InvestigationOpened(investigation_id=id_):
                    seen["opened", id_] += 1
                case ComplaintJoined(investigation_id=to, complaint_id=id_):
                    seen["joined", (to, id_)] += 1
            seen["event", recorded.meta.event_id] += 1
    for (what, which), times in seen.items():
        if times > 1:
            findings.note("double", f"{what} {which}: {times}")


async def _chain_whole(runtime: Runtime, tenant: str, findings: Findings) -> None:
    resources = runtime.resources
    key = resources.secrets.heads.public_key()
    verdict = await verify(resources.pool, resources.service, tenant, resources.heads.read(), key)
    if not verdict.whole:
        findings.note("gaps", f"{resources.service} at {verdict.bad_position}: {verdict.fault}")


async def _views_are_folds(
    runtime: Runtime, tenant: str, logs: Mapping[str, Sequence[Recorded]], findings: Findings
) -> None:
    for model in runtime.wired.models:
        expected = project(model, (r for source in sorted(model.sources) for r in logs[source]))
        projector = Projector(runtime.resources.derived, model, runtime.views.logs)
        await projector.start()
        async with runtime.resources.derived.acquire() as connection:
            rows = await projector.table.load(connection, tenant, list(expected))
            count = await connection.fetchval(
                f"select count(*) from {projector.table.name} where tenant = $1",  # noqa: S608 - a model's own name
                tenant,
            )
        different = [key for key, row in expected.items() if not _same(row, rows.get(key))]
        if different or count != len(expected):
            findings.note(
                "view_mismatches",
                f"{runtime.name}.{model.name}: {count} rows, {len(expected)} expected, {different[:3]}",
            )


def _same(expected: Row, found: Row | None) -> bool:
    return found is not None and _plain(expected) == _plain(found)


def _plain(row: Row | RowKey) -> object:
    return json.loads(json.dumps(row, default=str))
