"""What investigation's events took for ever."""

from __future__ import annotations

from services.investigation.application import reports
from services.investigation.application.handlers import NUMBER_SCOPE
from shared.contracts.investigation.investigation import InvestigationOpened
from shared.contracts.investigation.responsibility import TraceabilityReportIssued
from shared.kernel.beside import NOTHING, Beside, Keeping, numbered
from shared.kernel.ports import Claim
from shared.kernel.recorded import Recorded


def beside(recorded: Recorded) -> Beside:
    match recorded.event:
        case InvestigationOpened() as event:
            number = event.investigation_no
            return Beside((Claim(NUMBER_SCOPE, number),), numbered(NUMBER_SCOPE, number))
        case TraceabilityReportIssued() as event:
            return Beside(drawn=numbered(reports.NUMBER_SCOPE, event.report_no))
        case _:
            return NOTHING


KEEPING = Keeping(beside)
