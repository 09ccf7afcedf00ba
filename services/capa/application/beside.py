"""What capa's events took for ever."""

from __future__ import annotations

from services.capa.application.handlers import NUMBER_SCOPE, cause_claim
from shared.contracts.capa.capa import CapaOpened, CauseAddressed
from shared.contracts.event import Event
from shared.kernel.beside import NOTHING, Beside, numbered
from shared.kernel.ports import Claim

TIMERS: tuple[str, ...] = ()


def beside(event: Event) -> Beside:
    """The CAPA that addressed a cause first is its home for ever: who comes later takes nothing."""
    match event:
        case CapaOpened():
            return Beside((Claim(NUMBER_SCOPE, event.capa_no),), numbered(NUMBER_SCOPE, event.capa_no))
        case CauseAddressed():
            return Beside((cause_claim(event.root_cause_id),))
        case _:
            return NOTHING
