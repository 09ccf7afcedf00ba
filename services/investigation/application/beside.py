"""What investigation's events took for ever."""

from __future__ import annotations

from services.investigation.application import reports
from services.investigation.application.handlers import NUMBER_SCOPE
from shared.contracts.event import Event
from shared.contracts.investigation.investigation import InvestigationOpened
from shared.contracts.investigation.responsibility import TraceabilityReportIssued
from shared.kernel.beside import NOTHING, Beside, numbered
from shared.kernel.ports import Claim

TIMERS: tuple[str, ...] = ()


def beside(event: Event) -> Beside:
    match event:
        case InvestigationOpened():
            number = event.investigation_no
            return Beside((Claim(NUMBER_SCOPE, number),), numbered(NUMBER_SCOPE, number))
        case TraceabilityReportIssued():
            return Beside(drawn=numbered(reports.NUMBER_SCOPE, event.report_no))
        case _:
            return NOTHING
