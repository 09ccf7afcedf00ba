"""What intake's events took or ended for ever."""

from __future__ import annotations

from typing import get_args

from services.intake.application.timers import SILENCE
from services.intake.domain.complaint import registration
from shared.contracts.intake.complaint import ComplaintRegistered
from shared.contracts.intake.data_subject import DataSubjectErased
from shared.contracts.words import ClockName
from shared.kernel.beside import NOTHING, Beside, Keeping, numbered
from shared.kernel.ports import Claim
from shared.kernel.recorded import Recorded


def beside(recorded: Recorded) -> Beside:
    match recorded.event:
        case ComplaintRegistered() as event:
            claims = registration.claims(event.complaint_no, event.channel, event.source_reference)
            message = Claim(registration.MESSAGE_SCOPE, str(recorded.meta.command_id))  # where a message was its cause
            return Beside((*claims, message), numbered(registration.NUMBER_SCOPE, event.complaint_no))
        case DataSubjectErased() as event:
            return Beside(destroyed=(event.subject_id,))
        case _:
            return NOTHING


KEEPING = Keeping(beside, (*get_args(ClockName), SILENCE))
