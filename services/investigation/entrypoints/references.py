"""REST of published flows, rules and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from fastapi import APIRouter, Response

from services.investigation.application.ports import References
from services.investigation.application.references import ReferenceHandlers
from services.investigation.domain.facts.document import parse
from services.investigation.domain.flow.default import Flow
from services.investigation.domain.reference.commands import (
    PublishMapping,
    PublishProcessFlow,
    PublishResponsibilityRules,
)
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import FlowBody, MappingBody, RulesBody
from services.investigation.entrypoints.http import SERVICE, WRITERS
from services.investigation.readmodels.investigation_references import MODEL, published
from shared.adapters.http.answers import answers, done, view
from shared.adapters.http.conventions import Reading, Writing
from shared.adapters.http.policy import Role, any_role, policy
from shared.adapters.runtime import Resources, Views
from shared.kernel.codec import encode_plain
from shared.kernel.shapes import items_of

API = "/api/v1"
PUBLISHERS: tuple[Role, ...] = ("quality_manager", "admin")


def routes(handlers: ReferenceHandlers, references: References, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(prefix=API, tags=["规则与数据 references"])
    _add_flows_and_rules(router, handlers, references)
    _add_mappings(router, handlers, resources, views)
    return router


def _add_flows_and_rules(router: APIRouter, handlers: ReferenceHandlers, references: References) -> None:
    @router.get("/process-flows", operation_id="getProcessFlow", dependencies=[any_role(), answers(Flow)])
    async def flow(read: Reading, product: str | None = None) -> Response:
        """现行流程图 · The process flow in force, of a product or the default."""
        found = await references.flow(read.tenant, product)
        return view(msgspec.to_builtins(found))

    @router.put(
        "/process-flows",
        operation_id="publishProcessFlow",
        dependencies=[policy(*PUBLISHERS), answers(shapes.PUBLISHED)],
    )
    async def publish_flow(body: FlowBody, context: Writing) -> Response:
        """发布流程图 · Publish a process flow."""
        command = PublishProcessFlow(
            flow=body.flow,
            nodes=tuple(node.flow_node() for node in body.nodes),
            reason=body.reason,
            product=body.product,
        )
        return done(SERVICE, (await handlers.publish_flow(replace(context, reason=body.reason), command)).appended)

    @router.get(
        "/responsibility-rules", operation_id="getResponsibilityRules", dependencies=[any_role(), answers(shapes.RULES)]
    )
    async def rules(read: Reading) -> Response:
        """现行责任判定规则 · The responsibility rules in force."""
        found: dict[str, Any] = msgspec.to_builtins(await references.rules(read.tenant))
        return view(found | {"document": msgspec.json.decode(found["document"])})

    @router.put(
        "/responsibility-rules",
        operation_id="publishResponsibilityRules",
        dependencies=[policy(*PUBLISHERS), answers(shapes.PUBLISHED)],
    )
    async def publish_rules(body: RulesBody, context: Writing) -> Response:
        """发布责任判定规则 · Publish responsibility rules."""
        command = PublishResponsibilityRules(
            rules=body.rules,
            document=encode_plain(body.document).decode(),
            hearing_days=body.hearing_days,
            reason=body.reason,
        )
        return done(SERVICE, (await handlers.publish_rules(replace(context, reason=body.reason), command)).appended)


def numbered(row: Mapping[str, Any]) -> dict[str, Any]:
    """A published mapping's document, with the version that publishing gave it."""
    document: dict[str, Any] = msgspec.json.decode(row["document"])
    return document | {"version": row["version"]}


def _add_mappings(router: APIRouter, handlers: ReferenceHandlers, resources: Resources, views: Views) -> None:
    @router.get(
        "/mappings", operation_id="listMappings", dependencies=[any_role(), answers(items_of(shapes.MAPPING_ROW))]
    )
    async def many(read: Reading) -> Response:
        """数据映射 · Every published version of every mapping."""
        await views.caught_up(read.tenant, read.after, [MODEL.name], read.patience)
        rows = await published(resources.reads, read.tenant, "mapping")
        return view({"items": [dict(row) | {"document": numbered(row)} for row in rows]})

    @router.put("/mappings", operation_id="publishMapping", dependencies=[policy(*WRITERS), answers(shapes.PUBLISHED)])
    async def publish(body: MappingBody, context: Writing) -> Response:
        """发布数据映射 · Publish a mapping; every problem of the document is named at once."""
        mapping = parse(body.document)
        command = PublishMapping(
            mapping=mapping.mapping, document=encode_plain(body.document).decode(), reason=body.reason
        )
        return done(SERVICE, (await handlers.publish_mapping(replace(context, reason=body.reason), command)).appended)
