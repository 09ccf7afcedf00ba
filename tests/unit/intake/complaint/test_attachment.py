from uuid import UUID

import pytest

from services.intake.domain.complaint.attachments import MAX_BYTES
from services.intake.domain.complaint.commands import AddAttachment
from services.intake.domain.errors import AttachmentEmpty, AttachmentRefused, AttachmentTooLarge
from shared.contracts.intake.complaint import AttachmentAdded
from tests.unit.intake import states as s

FILE = UUID(int=9)


def add(media_type="image/jpeg", size=10):
    return AddAttachment(attachment_id=FILE, media_type=media_type, size=size, sha256="ab" * 32, file_name="烟.jpg")


@pytest.mark.parametrize(
    ("media_type", "kind"), [("image/jpeg", "image"), ("video/mp4", "video"), ("application/pdf", "document")]
)
def test_images_videos_and_pdf_are_kept_under_the_customers_key(media_type, kind):
    s.complaint.given(s.registered()).when(add(media_type, MAX_BYTES)).then(
        AttachmentAdded(
            complaint_id=s.ID,
            attachment_id=FILE,
            subject_id=s.SUBJECT,
            kind=kind,
            media_type=media_type,
            size=MAX_BYTES,
            sha256="ab" * 32,
            file_name="烟.jpg",
        )
    )


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/zip", "application/x-msdownload"])
def test_nothing_else_is(media_type):
    s.complaint.given(s.registered()).when(add(media_type)).refused(AttachmentRefused, media_type=media_type)


def test_its_size_has_bounds():
    s.complaint.given(s.registered()).when(add(size=0)).refused(AttachmentEmpty)
    s.complaint.given(s.registered()).when(add(size=MAX_BYTES + 1)).refused(AttachmentTooLarge, limit=MAX_BYTES)


def test_also_when_the_complaint_is_closed():
    assert len(s.complaint.given(s.closed()).when(add()).events) == 1
