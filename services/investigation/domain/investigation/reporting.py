"""Issuing the traceability report (rule 16)."""

from __future__ import annotations

from collections.abc import Sequence

from services.investigation.domain.errors import FinalWithoutActions, IdTaken
from services.investigation.domain.investigation.commands import IssueReport
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import Event
from shared.contracts.investigation.responsibility import TraceabilityReportIssued


def decide(command: IssueReport, state: Investigation) -> Sequence[Event]:
    if command.report_id in state.reports:
        raise IdTaken(what="report", id=str(command.report_id))
    if command.stage == "final" and command.capa_actions < 1 and needs_actions(state):
        raise FinalWithoutActions
    return [
        TraceabilityReportIssued(
            investigation_id=state.known,
            report_id=command.report_id,
            report_no=command.report_no,
            stage=command.stage,
            edition=command.edition,
            language=command.language,
            template_version=command.template_version,
            positions=command.positions,
            json_sha256=command.json_sha256,
            html_sha256=command.html_sha256,
        )
    ]


def needs_actions(state: Investigation) -> bool:
    """Always, but where there is nothing to act on: it ended without a cause of ours, or no cause needs a CAPA."""
    if state.roots:
        return not state.roots.keys() <= state.without_capa
    return state.concluded is None
