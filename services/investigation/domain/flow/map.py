"""The flow map: the process with what the investigation found at each node, for people and for a chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from services.investigation.domain.flow.default import Flow
from services.investigation.domain.flow.ledger import Entry, Ledger
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.investigation import Finding
from shared.contracts.investigation.reference import FlowNode
from shared.contracts.words import NodeStatus, label


@dataclass(frozen=True, slots=True)
class LotFindings:
    lot: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class MappedNode:
    """A node of the flow, its standing, and all that was found there. `ground`: why it is suspect, or was cleared."""

    node: FlowNode
    status: NodeStatus
    lots: tuple[LotFindings, ...]
    cleared_by: tuple[EvidenceRef, ...]
    ground: str | None
    corrections: tuple[tuple[EvidenceRef, EvidenceRef], ...]


def flow_map(flow: Flow, ledger: Ledger) -> tuple[MappedNode, ...]:
    """Every node of the flow, in its order; one that nobody touched is unexamined."""
    return tuple(_mapped(node, ledger.get(node.node, Entry())) for node in flow.nodes)


def _mapped(node: FlowNode, entry: Entry) -> MappedNode:
    return MappedNode(
        node=node,
        status=entry.status,
        lots=tuple(LotFindings(lot, findings) for lot, findings in sorted(entry.examined.items())),
        cleared_by=entry.cleared_by,
        ground=entry.ground,
        corrections=entry.corrections,
    )


COLOURS: Mapping[NodeStatus, str] = MappingProxyType(
    {
        "unexamined": "#bfbfbf",
        "examined": "#69b1ff",
        "suspect": "#faad14",
        "cleared": "#52c41a",
        "reopened": "#fa8c16",
        "faulty": "#f5222d",
    }
)


def echarts_option(nodes: tuple[MappedNode, ...], language: str) -> dict[str, Any]:
    """An ECharts graph option (series.type "graph"), laid out left to right in the flow's order; plain JSON."""
    zh = language.startswith("zh")
    statuses = list(COLOURS)
    return {
        "tooltip": {},
        "legend": [{"data": [label(status, language) for status in statuses]}],
        "series": [
            {
                "type": "graph",
                "layout": "none",
                "roam": True,
                "edgeSymbol": ["none", "arrow"],
                "label": {"show": True, "position": "bottom"},
                "categories": [
                    {"name": label(status, language), "itemStyle": {"color": COLOURS[status]}} for status in statuses
                ],
                "data": [
                    {
                        "id": mapped.node.node,
                        "name": mapped.node.zh if zh else mapped.node.en,
                        "x": 100 * nth,
                        "y": 40 * (nth % 2),
                        "symbolSize": 30,
                        "category": statuses.index(mapped.status),
                        "value": _open_findings(mapped),
                    }
                    for nth, mapped in enumerate(nodes)
                ],
                "links": [{"source": m.node.node, "target": after} for m in nodes for after in m.node.next],
            }
        ],
    }


def _open_findings(mapped: MappedNode) -> int:
    return sum(finding.answer != "in_order" for lot in mapped.lots for finding in lot.findings)
