"""Verifying this service's log with what it anchors: the chain, then every batch of facts."""

from __future__ import annotations

from dataclasses import replace

from services.investigation.readmodels.fact_rows import FactRows
from shared.adapters.postgres.verify import Verdict, verify
from shared.adapters.runtime import Resources
from shared.contracts.investigation.facts import FactsCaptured

PAGE = 1000


async def verify_with_facts(resources: Resources, rows: FactRows, tenant: str) -> Verdict:
    """The chain's verdict; where the chain is whole, the first batch whose rows differ from what was anchored."""
    key = resources.secrets.heads.public_key()
    verdict = await verify(resources.pool, resources.service, tenant, resources.heads.read(), key)
    if not verdict.whole:
        return verdict
    after = 0
    while batch := await resources.log.read(tenant, after, PAGE):
        for recorded in batch:
            if isinstance(recorded.event, FactsCaptured):
                fault = await rows.verify(tenant, recorded.event)
                if fault is not None:
                    where = f"batch {fault.batch_id}" + (f" row {fault.row}" if fault.row is not None else "")
                    return replace(
                        verdict,
                        bad_position=recorded.position,
                        fault="facts_differ",
                        detail=f"{where}: {fault.problem}",
                    )
        after = batch[-1].position
    return verdict
