"""Deriving an issued report anew from the positions it names, and holding it against what was stored (rule 16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.investigation.application.ports import Render, Sight
from services.investigation.application.report_sources import ReportSources, position
from services.investigation.domain.report.comparison import Difference, differences
from services.investigation.domain.report.document import FORMAT, canonical, document
from services.investigation.domain.report.sources import Header
from shared.contracts.investigation.responsibility import LogPosition, TraceabilityReportIssued
from shared.kernel.ports import Blobs

Verdict = Literal["same", "differs", "stored_bytes_changed", "not_derivable"]
"""not_derivable: its stored bytes are whole, but this build no longer makes its format or template, or it was issued
without naming every log that it was made of."""

NEEDED = frozenset({"investigation", "capa"})
"""The logs that a report is derived from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`json_sha256` is what the event pinned, `derived_sha256` the sum of the content derived now."""

    report_id: UUID
    report_no: str
    verdict: Verdict
    positions: tuple[LogPosition, ...]
    json_sha256: str
    derived_sha256: str | None = None
    differences: tuple[Difference, ...] = ()


class ReportCheck:
    def __init__(self, sources: ReportSources, blobs: Blobs, sight: Sight, render: Render, template: int) -> None:
        self._sources = sources
        self._blobs = blobs
        self._sight = sight
        self._render = render
        self._template = template

    async def check(self, tenant: str, issued: TraceabilityReportIssued) -> Checked:
        content = await self.stored(tenant, issued.json_sha256)
        page = await self.stored(tenant, issued.html_sha256)
        if content is None or page is None:
            return _checked(issued, "stored_bytes_changed")
        told = msgspec.json.decode(content)
        pinned = {at.service for at in issued.positions}
        if told["format"] != FORMAT or issued.template_version != self._template or not pinned >= NEEDED:
            return _checked(issued, "not_derivable")
        derived = await self._derived(tenant, issued, told["header"])
        return self._compared(issued, content, page, canonical(derived))

    async def stored(self, tenant: str, name: str) -> bytes | None:
        """The bytes of that name, where they are there and still what the name says."""
        try:
            whole = b"".join([chunk async for chunk in self._blobs.get(tenant, name)])
        except OSError:  # missing, a folder in its place, not ours to read
            return None
        return whole if sha256(whole).hexdigest() == name else None

    async def _derived(
        self, tenant: str, issued: TraceabilityReportIssued, said: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        header = msgspec.convert(
            {
                **said,
                "report_no": issued.report_no,
                "stage": issued.stage,
                "edition": issued.edition,
                "template_version": issued.template_version,
                "positions": msgspec.to_builtins(issued.positions),
            },
            Header,
        )
        done = await self._sight.actions.at(tenant, issued.investigation_id, position(header, "capa"))
        dossier = await self._sources.dossier(tenant, issued.investigation_id, position(header, "investigation"))
        return document(header, await self._sources.sources(tenant, dossier, header, done))

    def _compared(self, issued: TraceabilityReportIssued, content: bytes, page: bytes, derived: bytes) -> Checked:
        found = differences(msgspec.json.decode(content), msgspec.json.decode(derived))
        same_page = self._render(msgspec.json.decode(derived), issued.language) == page
        verdict: Verdict = "same" if content == derived and same_page else "differs"
        return _checked(issued, verdict, sha256(derived).hexdigest(), found)


def _checked(
    issued: TraceabilityReportIssued, verdict: Verdict, derived: str | None = None, found: tuple[Difference, ...] = ()
) -> Checked:
    return Checked(
        report_id=issued.report_id,
        report_no=issued.report_no,
        verdict=verdict,
        positions=issued.positions,
        json_sha256=issued.json_sha256,
        derived_sha256=derived,
        differences=found,
    )
