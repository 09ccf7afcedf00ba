"""The investigation as a decider: each command goes to the part of the method that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from services.investigation.domain.investigation import case, causes, nodes, reporting, responsibility
from services.investigation.domain.investigation.commands import (
    CaseCommand,
    CauseCommand,
    InvestigationCommand,
    IssueReport,
    NodeCommand,
    OpenInvestigation,
    ResponsibilityCommand,
)
from services.investigation.domain.investigation.evolving import evolve
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import Event
from shared.kernel.decider import Decider


def decide(command: InvestigationCommand, state: Investigation) -> Sequence[Event]:
    if not isinstance(command, OpenInvestigation):
        _ = state.known
    if isinstance(command, CaseCommand):
        return case.decide(command, state)
    if isinstance(command, NodeCommand):
        return nodes.decide(command, state)
    if isinstance(command, CauseCommand):
        return causes.decide(command, state)
    if isinstance(command, ResponsibilityCommand):
        return responsibility.decide(command, state)
    if isinstance(command, IssueReport):
        return reporting.decide(command, state)
    assert_never(command)


investigation: Decider[Investigation, InvestigationCommand] = Decider("investigation", Investigation(), decide, evolve)
