"""One investigation as it stands, with who did what when: the fold of its stream, at any moment of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.investigation.domain.investigation import dossier as dossiers
from services.investigation.domain.investigation.chain import missing_legs
from services.investigation.domain.investigation.decider import investigation
from services.investigation.domain.investigation.dossier import Dossier
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import type_of
from shared.contracts.words import CauseLeg
from shared.kernel.recorded import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of the case: its title, by whom (opaque id), when, why."""

    position: int
    type: str
    zh: str
    en: str
    by: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationView:
    """`state` is what decides, `dossier` all that is told; `missing_legs` is what an 8D report still lacks."""

    version: int
    position: int
    opened_at: datetime
    dossier: Dossier
    state: Investigation
    missing_legs: tuple[CauseLeg, ...]
    steps: tuple[Step, ...]

    @property
    def status(self) -> str:
        return "concluded" if self.state.concluded else "open"


def investigation_view(recorded: Iterable[Recorded]) -> InvestigationView | None:
    """The view after these events of one stream, oldest first; None where there are none."""
    events = list(recorded)
    if not events:
        return None
    state = investigation.fold(one.event for one in events)
    return InvestigationView(
        version=len(events),
        position=events[-1].position,
        opened_at=events[0].recorded_at,
        dossier=dossiers.gathered(one.event for one in events),
        state=state,
        missing_legs=missing_legs(state),
        steps=tuple(_step(one) for one in events),
    )


def _step(recorded: Recorded) -> Step:
    kind, meta = type_of(type(recorded.event)), recorded.meta
    return Step(
        position=recorded.position,
        type=kind.name,
        zh=kind.zh,
        en=kind.en,
        by=meta.actor.subject,
        at=recorded.recorded_at,
        reason=meta.reason,
    )
