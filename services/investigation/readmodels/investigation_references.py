"""By which flows, responsibility rules and mappings does the tenant work, in which versions?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from services.investigation.domain.flow.default import DEFAULT_FLOW, Flow
from shared.adapters.postgres.reader import Reader
from shared.contracts.event import Event
from shared.contracts.investigation.reference import (
    FlowNode,
    MappingPublished,
    ProcessFlowPublished,
    ResponsibilityRulesPublished,
)
from shared.kernel import codec
from shared.kernel.errors import NotFound
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

ReferenceKind = Literal["process_flow", "responsibility_rules", "mapping"]


def _row(event: Event) -> Row | None:
    match event:
        case ProcessFlowPublished():
            nodes = codec.encode_plain(event.nodes).decode()
            row = {"kind": "process_flow", "name": event.flow, "document": nodes, "product": event.product}
        case ResponsibilityRulesPublished():
            row = {"kind": "responsibility_rules", "name": event.rules, "document": event.document, "product": None}
        case MappingPublished():
            row = {"kind": "mapping", "name": event.mapping, "document": event.document, "product": None}
        case _:
            return None
    days = event.hearing_days if isinstance(event, ResponsibilityRulesPublished) else None
    return row | {"version": event.version, "hearing_days": days, "reason": event.reason}


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    row = _row(recorded.event)
    if row is not None:
        yield (row["kind"], row["name"], row["version"])


def _apply(rows: Rows, recorded: Recorded) -> None:
    row = _row(recorded.event)
    if row is not None:
        rows.put(row | {"position": recorded.position, "published_at": recorded.recorded_at})


MODEL = ReadModel(
    name="investigation_references",
    sources=frozenset({"investigation"}),
    columns=(
        Column("kind", "text", nullable=False),
        Column("name", "text", nullable=False),
        Column("version", "integer", nullable=False),
        Column("product", "text"),
        Column("document", "text", nullable=False),
        Column("hearing_days", "integer"),
        Column("reason", "text", nullable=False),
        Column("position", "bigint", nullable=False),
        Column("published_at", "timestamptz", nullable=False),
    ),
    key=("kind", "name", "version"),
    touches=_touches,
    apply=_apply,
    indexes=("(tenant, kind, position)",),
)

_nodes = msgspec.json.Decoder(tuple[FlowNode, ...])


async def published(reader: Reader, tenant: str, kind: ReferenceKind) -> Sequence[Mapping[str, Any]]:
    """Every version of that kind, the newest publication first."""
    return await reader.fetch(
        "select * from read.investigation_references where tenant = $1 and kind = $2 order by position desc",
        tenant,
        kind,
    )


async def newest(reader: Reader, tenant: str, kind: ReferenceKind) -> Mapping[str, Any] | None:
    """The version of that kind published last."""
    return await reader.fetchrow(
        "select * from read.investigation_references where tenant = $1 and kind = $2 order by position desc limit 1",
        tenant,
        kind,
    )


async def flow_for(reader: Reader, tenant: str, product: str | None) -> Flow:
    """The newest flow of the product, else the newest of no product, else the default."""
    row = await reader.fetchrow(
        "select name, version, document from read.investigation_references"
        " where tenant = $1 and kind = 'process_flow' and (product = $2 or product is null)"
        " order by product is null, position desc limit 1",
        tenant,
        product,
    )
    return _flow(row) if row is not None else DEFAULT_FLOW


async def flow_version(reader: Reader, tenant: str, flow: str, version: int) -> Flow:
    """That very version. Raises NotFound."""
    row = await reader.fetchrow(
        "select name, version, document from read.investigation_references"
        " where tenant = $1 and kind = 'process_flow' and name = $2 and version = $3",
        tenant,
        flow,
        version,
    )
    if row is not None:
        return _flow(row)
    if (flow, version) == (DEFAULT_FLOW.flow, DEFAULT_FLOW.version):
        return DEFAULT_FLOW
    raise NotFound(what="process_flow", id=f"{flow} {version}")


def _flow(row: Mapping[str, Any]) -> Flow:
    return Flow(row["name"], row["version"], _nodes.decode(row["document"]))
