"""What intake's events took or ended for ever."""

from __future__ import annotations

from typing import get_args

from services.intake.application.timers import SILENCE
from services.intake.domain.complaint import registration
from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintRegistered
from shared.contracts.intake.data_subject import DataSubjectErased
from shared.contracts.words import ClockName
from shared.kernel.beside import NOTHING, Beside, numbered

TIMERS = (*get_args(ClockName), SILENCE)


def beside(event: Event) -> Beside:
    match event:
        case ComplaintRegistered():
            claims = registration.claims(event.complaint_no, event.channel, event.source_reference)
            return Beside(claims, numbered(registration.NUMBER_SCOPE, event.complaint_no))
        case DataSubjectErased():
            return Beside(destroyed=(event.subject_id,))
        case _:
            return NOTHING
