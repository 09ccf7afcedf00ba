"""What a customer may send along. The type is what the content says, never what its sender does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from services.intake.domain.complaint.commands import AddAttachment
from services.intake.domain.errors import AttachmentEmpty, AttachmentRefused, AttachmentTooLarge
from shared.contracts.event import Event
from shared.contracts.intake.complaint import AttachmentAdded, ComplaintRegistered

MAX_BYTES = 50 * 1024 * 1024

MEDIA: Mapping[str, Literal["image", "video", "document"]] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/gif": "image",
    "image/webp": "image",
    "video/mp4": "video",
    "video/quicktime": "video",
    "video/webm": "video",
    "application/pdf": "document",
}


def attach(command: AddAttachment, form: ComplaintRegistered) -> Sequence[Event]:
    """Raises AttachmentEmpty, AttachmentTooLarge, AttachmentRefused."""
    if command.size == 0:
        raise AttachmentEmpty
    if command.size > MAX_BYTES:
        raise AttachmentTooLarge(size=command.size, limit=MAX_BYTES)
    kind = MEDIA.get(command.media_type)
    if kind is None:
        raise AttachmentRefused(media_type=command.media_type)
    return (
        AttachmentAdded(
            complaint_id=form.complaint_id,
            attachment_id=command.attachment_id,
            subject_id=form.subject_id,
            kind=kind,
            media_type=command.media_type,
            size=command.size,
            sha256=command.sha256,
            file_name=command.file_name,
        ),
    )
