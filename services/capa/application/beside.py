"""What capa's events took for ever."""

from __future__ import annotations

from services.capa.application.handlers import NUMBER_SCOPE, cause_claim
from shared.contracts.capa.capa import CapaOpened, CauseAddressed
from shared.kernel.beside import NOTHING, Beside, Keeping, numbered
from shared.kernel.ports import Claim
from shared.kernel.recorded import Recorded


def beside(recorded: Recorded) -> Beside:
    """The CAPA that addressed a cause first is its home for ever: who comes later takes nothing."""
    match recorded.event:
        case CapaOpened() as event:
            return Beside((Claim(NUMBER_SCOPE, event.capa_no),), numbered(NUMBER_SCOPE, event.capa_no))
        case CauseAddressed() as event:
            return Beside((cause_claim(event.root_cause_id),))
        case _:
            return NOTHING


KEEPING = Keeping(beside)
