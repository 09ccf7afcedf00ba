"""The default process flow, from supplier lot receipt to customer delivery. A product may publish its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.investigation.domain.facts.kinds import NODES
from shared.contracts.investigation.reference import FlowNode
from shared.contracts.words import RecordSystem

CHECKS = ("operation_record", "equipment_parameter", "personnel_qualification", "inspection_report")
"""The four kinds of records that a node is examined by (节点排查)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One published version. `nodes` in the order of the process."""

    flow: str
    version: int
    nodes: tuple[FlowNode, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(node.node for node in self.nodes)

    def node(self, name: str) -> FlowNode | None:
        return next((node for node in self.nodes if node.node == name), None)


_RECORD, _MACHINE, _PEOPLE, _REPORT = CHECKS

_STEPS: dict[str, tuple[str, str, RecordSystem, str, Sequence[str]]] = {
    "supplier_receipt": ("供应商来料", "Supplier lot receipt", "SRM", "purchasing", (_RECORD,)),
    "incoming_inspection": ("来料检验", "Incoming inspection (IQC)", "SRM", "quality", (_REPORT,)),
    "raw_material_storage": ("原料仓储", "Raw-material storage", "WMS", "warehouse", (_RECORD,)),
    "material_issue": ("发料", "Material issue", "WMS", "warehouse", (_RECORD,)),
    "production": ("生产加工", "Production operations", "MES", "production", (_RECORD, _MACHINE, _PEOPLE)),
    "in_process_inspection": ("过程检验", "In-process inspection", "MES", "quality", (_REPORT,)),
    "assembly_packing": ("装配包装", "Assembly and packing", "MES", "production", (_RECORD, _PEOPLE)),
    "final_inspection": ("成品检验", "Final inspection", "MES", "quality", (_REPORT,)),
    "finished_goods_storage": ("成品仓储", "Finished-goods storage", "WMS", "warehouse", (_RECORD,)),
    "outbound": ("出库", "Outbound", "WMS", "logistics", (_RECORD,)),
    "transport": ("运输", "Transport", "WMS", "logistics", (_RECORD,)),
    "customer_delivery": ("客户交付", "Customer delivery", "WMS", "logistics", (_RECORD,)),
}


def _nodes() -> tuple[FlowNode, ...]:
    following = dict(pairwise(NODES))
    return tuple(
        FlowNode(
            node=name,
            zh=zh,
            en=en,
            system=system,
            department=department,
            checks=tuple(checks),
            next=(following[name],) if name in following else (),
        )
        for name, (zh, en, system, department, checks) in ((name, _STEPS[name]) for name in NODES)
    )


DEFAULT_FLOW = Flow("default", 0, _nodes())
"""Version 0 is the built-in one; what a tenant publishes begins at 1."""
