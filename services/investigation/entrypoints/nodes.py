"""REST of process nodes and traces."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response

from services.investigation.application.gathering import Gathering
from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.ports import Facts
from services.investigation.domain.genealogy.trace import inspections_by_lot
from services.investigation.domain.investigation.commands import ClearNode, SuspectNode
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import ClearBody, ExamineBody, SuspectBody
from services.investigation.entrypoints.http import ONE, READERS, SERVICE, WRITERS
from shared.adapters.http.answers import answers, done, view
from shared.adapters.http.conventions import ReadingAsOf, Writing
from shared.adapters.http.evidence import Citable
from shared.adapters.http.policy import policy
from shared.adapters.http.streams import position_of
from shared.adapters.runtime import Resources
from shared.kernel.errors import NotFound


def routes(handlers: InvestigationHandlers, facts: Facts, citable: Citable, resources: Resources) -> APIRouter:
    """`facts` answer in time or not at all."""
    router = APIRouter(tags=["流程节点 nodes"])
    _add_nodes(router, handlers, citable)
    _add_traces(router, facts, resources)
    return router


def _add_nodes(router: APIRouter, handlers: InvestigationHandlers, citable: Citable) -> None:
    writers = [policy(*WRITERS), answers(shapes.CHANGED)]

    @router.post(f"{ONE}/examine-node", operation_id="examineNode", dependencies=writers)
    async def examine(investigation_id: UUID, body: ExamineBody, context: Writing) -> Response:
        """节点排查 · Examine a node for a lot: the four kinds of records."""
        return done(SERVICE, (await handlers.examine_node(context, investigation_id, body.node, body.lot)).appended)

    @router.post(f"{ONE}/clear-node", operation_id="clearNode", dependencies=writers)
    async def clear(investigation_id: UUID, body: ClearBody, context: Writing) -> Response:
        """排除节点（须有证据） · Clear a node, with evidence."""
        evidence = await citable.refs(body.evidence, context.tenant)
        command = ClearNode(node=body.node, evidence=evidence, ground=body.ground)
        return done(SERVICE, (await handlers.clear_node(context, investigation_id, command)).appended)

    @router.post(f"{ONE}/suspect-node", operation_id="suspectNode", dependencies=writers)
    async def suspect(investigation_id: UUID, body: SuspectBody, context: Writing) -> Response:
        """确定可疑节点 · Name a suspect node."""
        evidence = await citable.refs(body.evidence, context.tenant)
        command = SuspectNode(node=body.node, ground=body.ground, evidence=evidence)
        return done(SERVICE, (await handlers.suspect_node(context, investigation_id, command)).appended)


def _add_traces(router: APIRouter, facts: Facts, resources: Resources) -> None:
    @router.get(
        "/api/v1/trace/lots/{lot}/{direction}",
        operation_id="traceLot",
        dependencies=[policy(*READERS), answers(shapes.TRACE)],
    )
    async def trace(
        lot: str,
        direction: Literal["backward", "forward"],
        read: ReadingAsOf,
        max_levels: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> Response:
        """批次谱系（无任何记录的批次为 404） · Which lots went into it, or what it went into; 404: no fact knows it."""
        until = await position_of(resources, read)
        position = await facts.position(read.tenant) if until is None else until
        gathering = Gathering(facts, read.tenant, position)
        found = await gathering.trace(lot, direction, max_levels=max_levels)
        records = await gathering.inspections(sorted(found.levels))
        if not found.edges and not records and not await facts.knows_lot(read.tenant, lot, position):
            raise NotFound(what="lot", id=lot)
        body = {
            "start": found.start,
            "direction": found.direction,
            "levels": dict(sorted(found.levels.items())),
            "edges": msgspec.to_builtins(found.edges),
            "stopped_by": sorted(found.stopped_by),
            "unexplored": sorted(found.unexplored),
            "inspections": {
                name: [_record(one) for one in ones] for name, ones in inspections_by_lot(found, records).items()
            },
        }
        return view(body, positions={SERVICE: position})


def _record(one: Any) -> dict[str, Any]:
    return {**one.record, "evidence": msgspec.to_builtins(one.evidence)}
