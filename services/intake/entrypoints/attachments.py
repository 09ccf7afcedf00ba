"""Attachments: typed by content, sealed under the customer's key, stored by the sum of the sealed bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import filetype
from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, File, Response, UploadFile

from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.complaint.commands import AddAttachment
from services.intake.domain.errors import AttachmentDamaged
from services.intake.entrypoints import shapes
from services.intake.entrypoints.http import COMPLAINTS, STAFF
from services.intake.entrypoints.reading import SERVICE, complaint_of
from shared.adapters.http.answers import answers, created, location_of
from shared.adapters.http.conventions import Creating, Reading, keyed_by
from shared.adapters.http.edge_errors import FieldError, InvalidRequest
from shared.adapters.http.policy import policy
from shared.adapters.http.streams import PERSONAL_READERS, opened
from shared.adapters.runtime import Resources, Views
from shared.contracts.intake.complaint import AttachmentAdded
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id

UNKNOWN_TYPE = "application/octet-stream"
HEAD_BYTES = 8192
MAX_NAME = 200


def routes(handlers: IntakeHandlers, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(prefix=COMPLAINTS, tags=["附件 attachments"])

    @router.post(
        "/{complaint_id}/attachments",
        operation_id="addAttachment",
        status_code=201,
        dependencies=[policy(*STAFF), answers(shapes.ATTACHED)],
    )
    async def add(complaint_id: UUID, file: Annotated[UploadFile, File()], context: Creating) -> Response:
        """添加附件（图片、视频、PDF） · Add an image, video or PDF."""
        content = await file.read()
        context = keyed_by(context, sha256(content).digest())
        where = f"{COMPLAINTS}/{complaint_id}/attachments"
        first = await handlers.first_attached(context, complaint_id)
        if first is not None:
            return created(SERVICE, first, location_of(first, where))
        state = await handlers.state(context.tenant, complaint_id)
        if state.form is None:
            raise NotFound(what="complaint", id=str(complaint_id))
        id_, owner = new_id(), state.form.subject_id
        sealed, _ = await resources.vault.seal_blob(context.tenant, owner, id_, content)
        command = AddAttachment(
            attachment_id=id_,
            media_type=filetype.guess_mime(content[:HEAD_BYTES]) or UNKNOWN_TYPE,
            size=len(content),
            sha256=sha256(sealed).hexdigest(),
            file_name=_checked_name(file.filename),
        )
        handlers.check_attachment(command, state)
        await resources.blobs.put(context.tenant, _once(sealed))
        handled = await handlers.add_attachment(context, complaint_id, command)
        return created(SERVICE, handled.appended, location_of(handled.appended, where))

    @router.get(
        "/{complaint_id}/attachments/{attachment_id}",
        operation_id="getAttachment",
        dependencies=[policy(*PERSONAL_READERS), answers(bytes, "*/*")],
    )
    async def content(complaint_id: UUID, attachment_id: UUID, read: Reading) -> Response:
        """下载附件 · The file itself; gone once the person was erased."""
        events, _ = await complaint_of(resources, views, read, complaint_id)
        added = (r.event for r in events if isinstance(r.event, AttachmentAdded))
        found = next((one for one in added if one.attachment_id == attachment_id), None)
        if found is None:
            raise NotFound(what="attachment", id=str(attachment_id))
        plain = await _content(resources, read.tenant, found)
        name = await opened(resources, read, found.file_name)
        return Response(
            plain,
            media_type=found.media_type,
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
                "Cache-Control": "private, no-store",
            },
        )

    return router


async def _content(resources: Resources, tenant: str, added: AttachmentAdded) -> bytes:
    """Raises KeyOwnerErased, and AttachmentDamaged where the stored file isn't the recorded one any more."""
    try:
        sealed = b"".join([chunk async for chunk in resources.blobs.get(tenant, added.sha256)])
        return await resources.vault.open_blob(tenant, added.subject_id, added.attachment_id, sealed)
    except (OSError, InvalidTag, ValueError) as damage:
        raise AttachmentDamaged(attachment_id=str(added.attachment_id)) from damage


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _checked_name(name: str | None) -> str:
    """The name as a label only; folders in it and control characters are not taken over."""
    plain = "".join(c for c in (name or "").replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()
    if not plain or len(plain) > MAX_NAME:
        wrong = FieldError(
            where="body",
            field="/file",
            code="file-name",
            zh=f"文件名应为 1 到 {MAX_NAME} 个字符",
            en=f"the file name takes 1 to {MAX_NAME} characters",
        )
        raise InvalidRequest(errors=(wrong,))
    return plain
