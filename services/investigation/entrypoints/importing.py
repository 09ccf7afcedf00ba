"""REST of the import of facts by a mapping; with `dry_run` what it would come to, nothing written."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, File, Form, Response, UploadFile

from services.investigation.application.capture import Capture, Captured
from services.investigation.application.preview import Preview, Previewed
from services.investigation.application.source import RowError, sum_of
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.http import SERVICE, WRITERS
from services.investigation.entrypoints.references import numbered
from services.investigation.readmodels.investigation_references import MODEL, published
from shared.adapters.http.answers import answers, view
from shared.adapters.http.conventions import Creating, Reading, keyed_by
from shared.adapters.http.edge_errors import FieldError, InvalidRequest
from shared.adapters.http.language import Language
from shared.adapters.http.policy import policy
from shared.adapters.runtime import Resources, Views
from shared.kernel.codec import encode_plain
from shared.kernel.errors import NotFound

MAX_DOCUMENT = 200_000


def routes(capture: Capture, preview: Preview, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["规则与数据 references"])

    @router.post(
        "/trace/import",
        operation_id="importFacts",
        status_code=201,
        dependencies=[policy(*WRITERS), answers(shapes.CAPTURED, also={200: shapes.PREVIEWED})],
        responses={200: {"description": "试运行结果 · What a dry run found"}},
    )
    async def import_facts(
        file: Annotated[UploadFile, File()],
        context: Creating,
        read: Reading,
        mapping: Annotated[str | None, Form(min_length=1, max_length=64)] = None,
        document: Annotated[str | None, Form(min_length=1, max_length=MAX_DOCUMENT)] = None,
        dry_run: Annotated[bool, Form()] = False,
    ) -> Response:
        """按已发布的映射导入数据 · Import facts by a published mapping: good rows kept, bad ones reported.

        试运行（`dry_run`）：200，只回答将采集什么、前若干条事实与错误，不写入；
        只有试运行可用 `document`（JSON）代替已发布的 `mapping`。
        `dry_run`: 200, what would be captured, its first facts and errors; nothing is written. Only there may the
        mapping come as `document` (JSON) instead of a published `mapping`.
        """
        _one_mapping(mapping, document, dry_run=dry_run)
        found = await _published(context.tenant, mapping) if mapping is not None else parse(_decoded(document))
        if dry_run:
            seen = await preview.preview(
                context.tenant, found, file.file, context.now, is_published=mapping is not None
            )
            return view(previewed_body(seen, read.language))
        told = keyed_by(context, bytes.fromhex(await asyncio.to_thread(sum_of, file.file)), found.mapping.encode())
        captured = await capture.capture(told, found, file.file)
        headers = {"Suyuan-Position": f"{SERVICE}:{captured.position}"} if captured.position else {}
        return Response(encode_plain(captured_body(captured, read.language)), 201, headers, "application/json")

    async def _published(tenant: str, name: str) -> FactMapping:
        head = (await resources.log.heads()).get(tenant, 0)
        await views.come_to(tenant, head, [MODEL.name], resources.settings.wait_seconds)
        rows = await published(resources.reads, tenant, "mapping")
        row = next((one for one in rows if one["name"] == name), None)
        if row is None:
            raise NotFound(what="mapping", id=name)
        return parse(numbered(row))

    return router


def captured_body(captured: Captured, language: Language) -> dict[str, Any]:
    return {
        "batch_id": captured.batch_id,
        "kind": captured.captured.kind,
        "rows": captured.captured.rows,
        "refused_rows": captured.captured.refused_rows,
        "superseded": captured.superseded,
        "repeated": captured.repeated,
        "sha256": captured.captured.sha256,
        "errors": [_row_error(one, language) for one in captured.errors],
    }


def previewed_body(seen: Previewed, language: Language) -> dict[str, Any]:
    """As the import's answer, with the first facts as they would be kept."""
    first = [{"natural_key": one.natural_key, "record": msgspec.json.decode(one.record)} for one in seen.first]
    return captured_body(seen.captured, language) | {"dry_run": True, "first": first}


def _row_error(one: RowError, language: Language) -> dict[str, Any]:
    return {
        "line": one.line,
        "column": one.error.column,
        "field": one.error.target,
        "value": one.error.value,
        "detail": one.error.text(language),
    }


def _one_mapping(mapping: str | None, document: str | None, *, dry_run: bool) -> None:
    """Raises InvalidRequest: what is kept names the published version that read it."""
    if document is not None and not dry_run:
        raise _wrong(
            "只用于试运行：导入须用已发布的映射", "is for a dry run: an import takes a published mapping", "document"
        )
    if mapping is None and document is None:
        raise _wrong("必须提供", "is required", "mapping")
    if mapping is not None and document is not None:
        raise _wrong(
            "映射只能给出一个", "is one of two: a mapping comes by name or as a document", "mapping", "document"
        )


def _wrong(zh: str, en: str, *names: str) -> InvalidRequest:
    return InvalidRequest(
        errors=tuple(FieldError(where="body", field=f"/{name}", code="mapping", zh=zh, en=en) for name in names)
    )


def _decoded(document: str | None) -> Any:
    try:
        return msgspec.json.decode(document or "")
    except (msgspec.DecodeError, RecursionError) as error:
        raise _wrong(f"不是有效的 JSON：{error}", f"is not valid JSON: {error}", "document") from error
