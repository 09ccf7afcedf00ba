"""What this service's events anchor: batches of facts by their rows, issued reports by their bytes."""

from __future__ import annotations

from services.investigation.readmodels.fact_rows import FactRows
from shared.adapters.anchors import Anchor, Broken, blobs_anchor
from shared.contracts.investigation.facts import FactsCaptured
from shared.contracts.investigation.responsibility import TraceabilityReportIssued
from shared.kernel.ports import Blobs


def anchors(rows: FactRows, blobs: Blobs) -> tuple[Anchor, ...]:
    async def batch(tenant: str, captured: FactsCaptured) -> Broken | None:
        fault = await rows.verify(tenant, captured)
        if fault is None:
            return None
        where = f"batch {fault.batch_id}" + ("" if fault.row is None else f" row {fault.row}")
        return Broken("facts_differ", f"{where}: {fault.problem}")

    def report(issued: TraceabilityReportIssued) -> tuple[str, str]:
        return issued.json_sha256, issued.html_sha256

    return Anchor(FactsCaptured, batch), blobs_anchor(blobs, TraceabilityReportIssued, report)
