"""What a client hears after a command, and hears again when it repeats it: ids and states, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.intake.domain.complaint.commands import AddAttachment
from services.intake.domain.complaint.state import Complaint
from services.intake.domain.data_subject.decider import DataSubject
from services.intake.domain.reference.decider import Reference
from shared.contracts.event import Event, type_of


def complaint_answer(state: Complaint, events: Sequence[Event]) -> dict[str, Any]:
    form = state.form
    return {
        "id": form.complaint_id if form else None,
        "complaint_no": form.complaint_no if form else None,
        "investigation_id": state.investigation_id,
        "events": [type_of(type(event)).name for event in events],
    }


def registration_answer(state: Complaint, events: Sequence[Event]) -> dict[str, Any]:
    """The subject's id too: an opaque id, by which a privacy officer erases."""
    form = state.form
    return complaint_answer(state, events) | {"subject_id": form.subject_id if form else None}


def first_registration_answer(state: Complaint, events: Sequence[Event]) -> dict[str, Any]:
    """For another request about the same complaint (rule 1): as it was told when it was registered."""
    return registration_answer(replace(state, investigation_id=None), events)


def attachment_answer(state: Complaint, events: Sequence[Event], command: AddAttachment) -> dict[str, Any]:
    """Of the attachment; `sha256` is that of the sealed bytes, as evidence cites them."""
    said = complaint_answer(state, events)
    return said | {"id": command.attachment_id, "complaint_id": said["id"], "sha256": command.sha256}


def subject_answer(state: DataSubject, events: Sequence[Event]) -> dict[str, Any]:
    return {"erased": state.erased, "events": [type_of(type(event)).name for event in events]}


def version_answer(state: Reference, events: Sequence[Event]) -> dict[str, Any]:
    del events
    return {"version": state.newest.version if state.newest else 0}
