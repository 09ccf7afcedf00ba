"""REST of published flows, rules and mappings, and of the import of facts by a mapping."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, File, Form, Response, UploadFile

from services.investigation.application.capture import Capture, Captured, RowError
from services.investigation.application.ports import References
from services.investigation.application.references import ReferenceHandlers
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.mapping import FactMapping
from services.investigation.domain.reference.commands import (
    PublishMapping,
    PublishProcessFlow,
    PublishResponsibilityRules,
)
from services.investigation.entrypoints.bodies import FlowBody, MappingBody, RulesBody
from services.investigation.entrypoints.http import SERVICE, WRITERS
from services.investigation.readmodels.investigation_references import MODEL, published
from shared.adapters.http.answers import done, view
from shared.adapters.http.conventions import Creating, Reading, Writing, keyed_by
from shared.adapters.http.language import Language
from shared.adapters.http.policy import Role, any_role, policy
from shared.adapters.runtime import Resources, Views
from shared.kernel.codec import encode_plain
from shared.kernel.errors import NotFound

API = "/api/v1"
PUBLISHERS: tuple[Role, ...] = ("quality_manager", "admin")
BLOCK = 1 << 20


def routes(
    handlers: ReferenceHandlers, references: References, capture: Capture, resources: Resources, views: Views
) -> APIRouter:
    router = APIRouter(prefix=API, tags=["规则与数据 references"])
    _add_flows_and_rules(router, handlers, references)
    _add_mappings(router, handlers, resources, views)
    _add_import(router, capture, resources, views)
    return router


def _add_flows_and_rules(router: APIRouter, handlers: ReferenceHandlers, references: References) -> None:
    @router.get("/process-flows", operation_id="getProcessFlow", dependencies=[any_role()])
    async def flow(read: Reading, product: str | None = None) -> Response:
        """现行流程图 · The process flow in force, of a product or the default."""
        found = await references.flow(read.tenant, product)
        return view(msgspec.to_builtins(found))

    @router.put("/process-flows", operation_id="publishProcessFlow", dependencies=[policy(*PUBLISHERS)])
    async def publish_flow(body: FlowBody, context: Writing) -> Response:
        """发布流程图 · Publish a process flow."""
        command = PublishProcessFlow(
            flow=body.flow,
            nodes=tuple(node.flow_node() for node in body.nodes),
            reason=body.reason,
            product=body.product,
        )
        return done(SERVICE, (await handlers.publish_flow(replace(context, reason=body.reason), command)).appended)

    @router.get("/responsibility-rules", operation_id="getResponsibilityRules", dependencies=[any_role()])
    async def rules(read: Reading) -> Response:
        """现行责任判定规则 · The responsibility rules in force."""
        found: dict[str, Any] = msgspec.to_builtins(await references.rules(read.tenant))
        return view(found | {"document": msgspec.json.decode(found["document"])})

    @router.put("/responsibility-rules", operation_id="publishResponsibilityRules", dependencies=[policy(*PUBLISHERS)])
    async def publish_rules(body: RulesBody, context: Writing) -> Response:
        """发布责任判定规则 · Publish responsibility rules."""
        command = PublishResponsibilityRules(
            rules=body.rules,
            document=encode_plain(body.document).decode(),
            hearing_days=body.hearing_days,
            reason=body.reason,
        )
        return done(SERVICE, (await handlers.publish_rules(replace(context, reason=body.reason), command)).appended)


def _add_mappings(router: APIRouter, handlers: ReferenceHandlers, resources: Resources, views: Views) -> None:
    @router.get("/mappings", operation_id="listMappings", dependencies=[any_role()])
    async def many(read: Reading) -> Response:
        """数据映射 · Every published version of every mapping."""
        await views.caught_up(read.tenant, read.after, [MODEL.name], read.patience)
        rows = await published(resources.reads, read.tenant, "mapping")
        return view({"items": [dict(row) | {"document": msgspec.json.decode(row["document"])} for row in rows]})

    @router.put("/mappings", operation_id="publishMapping", dependencies=[policy(*WRITERS)])
    async def publish(body: MappingBody, context: Writing) -> Response:
        """发布数据映射 · Publish a mapping; every problem of the document is named at once."""
        mapping = parse(body.document)
        command = PublishMapping(
            mapping=mapping.mapping, document=encode_plain(body.document).decode(), reason=body.reason
        )
        return done(SERVICE, (await handlers.publish_mapping(replace(context, reason=body.reason), command)).appended)


def _add_import(router: APIRouter, capture: Capture, resources: Resources, views: Views) -> None:
    @router.post("/trace/import", operation_id="importFacts", status_code=201, dependencies=[policy(*WRITERS)])
    async def import_facts(
        file: Annotated[UploadFile, File()],
        mapping: Annotated[str, Form(max_length=64)],
        context: Creating,
        read: Reading,
    ) -> Response:
        """按已发布的映射导入数据 · Import facts by a published mapping: good rows kept, bad ones reported."""
        found = await _mapping(context.tenant, mapping)
        told = keyed_by(context, await asyncio.to_thread(_sum, file), mapping.encode())
        captured = await capture.capture(told, found, file.file)
        body = captured_body(captured, read.language)
        headers = {"Suyuan-Position": f"{SERVICE}:{captured.position}"} if captured.position else {}
        return Response(encode_plain(body), 201, headers, "application/json")

    async def _mapping(tenant: str, name: str) -> FactMapping:
        head = (await resources.log.heads()).get(tenant, 0)
        await views.come_to(tenant, head, [MODEL.name], resources.settings.wait_seconds)
        rows = await published(resources.reads, tenant, "mapping")
        row = next((one for one in rows if one["name"] == name), None)
        if row is None:
            raise NotFound(what="mapping", id=name)
        return parse(msgspec.json.decode(row["document"]) | {"version": row["version"]})


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


def _row_error(one: RowError, language: Language) -> dict[str, Any]:
    return {
        "line": one.line,
        "column": one.error.column,
        "field": one.error.target,
        "value": one.error.value,
        "detail": one.error.text(language),
    }


def _sum(file: UploadFile) -> bytes:
    """Over the content, whatever the multipart boundary."""
    whole = sha256()
    file.file.seek(0)
    while block := file.file.read(BLOCK):
        whole.update(block)
    file.file.seek(0)
    return whole.digest()
