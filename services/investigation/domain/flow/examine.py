"""Node examination (节点排查): what a node's records say of a lot, by the four kinds of records that apply to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from types import MappingProxyType

from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.flow.judge import (
    FindingKind,
    deviation,
    equipment_findings,
    gap,
    in_order,
    inspection_findings,
    qualification_findings,
)
from shared.contracts.investigation.investigation import Finding
from shared.contracts.investigation.reference import FlowNode

_OWN_RECORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "supplier_receipt": ("supplier_receipt",),
        "incoming_inspection": ("incoming_inspection",),
        "raw_material_storage": ("stock", "movement"),
        "material_issue": ("genealogy", "movement"),
        "in_process_inspection": ("in_process_inspection",),
        "final_inspection": ("final_inspection",),
        "finished_goods_storage": ("stock", "movement"),
        "outbound": ("shipment", "movement"),
        "transport": ("shipment",),
        "customer_delivery": ("shipment",),
    }
)
AFTER_MAKING = frozenset({"final_inspection", "finished_goods_storage", "outbound", "transport", "customer_delivery"})
"""Nodes that a finished lot passes as itself: what its parts once went through there says nothing of it."""

_INSPECTIONS = frozenset({"incoming_inspection", "in_process_inspection", "final_inspection"})
_OF_MANY_NODES = frozenset({"stock", "shipment", "genealogy", "movement"})


def kinds_for(node: FlowNode) -> tuple[str, ...]:
    """The kinds of facts an examination of this node needs. A node of a tenant's own flow is a production operation."""
    own = _OWN_RECORDS.get(node.node, ("operation",))
    more: list[str] = []
    if "operation_record" in node.checks or "inspection_report" in node.checks:
        more.extend(own)
    if "inspection_report" in node.checks and node.node not in _INSPECTIONS:
        more.append("in_process_inspection")
    if "equipment_parameter" in node.checks:
        more.extend(("operation", "equipment_parameter"))
    if "personnel_qualification" in node.checks:
        more.extend(("operation", "qualification"))
    return tuple(dict.fromkeys(more))


def examine(node: FlowNode, lot: str, records: Sequence[FactRecord], zone: tzinfo = UTC) -> tuple[Finding, ...]:
    """Findings in the order of the node's checks; each cites its records. `lot` names the lot in the texts.

    `records` are the lot's current facts of `kinds_for(node)` (with the parameters of its machines and the
    qualifications of its operators); `zone` is the plant's, in which a certificate's days begin and end.
    A record missing where one must be is a finding of its own, never silence.
    """
    here = [record for record in records if record.superseded_by is None]
    checks: Mapping[str, Callable[[], list[Finding]]] = {
        "operation_record": lambda: _operation_record(node, lot, here),
        "equipment_parameter": lambda: equipment_findings(
            lot, _operations(node, here), _of(here, "equipment_parameter")
        ),
        "personnel_qualification": lambda: qualification_findings(
            lot, _operations(node, here), _of(here, "qualification"), zone
        ),
        "inspection_report": lambda: inspection_findings(lot, _reports(node, here)),
    }
    return tuple(finding for check in node.checks if check in checks for finding in checks[check]())


def lots_at(node: FlowNode, records: Sequence[FactRecord]) -> frozenset[str]:
    """The lots that have records of the node's own."""
    own = _own(node, [record for record in records if record.superseded_by is None])
    return frozenset(lot for r in own if (lot := r.text(KINDS[r.kind].lot or "lot")) is not None)


def _of(records: Sequence[FactRecord], *kinds: str) -> list[FactRecord]:
    return [record for record in records if record.kind in kinds]


def _operations(node: FlowNode, records: Sequence[FactRecord]) -> list[FactRecord]:
    """The lot's operations at this node: by the record's node, or by its operation where the flow names operations."""
    return [r for r in _of(records, "operation") if node.node in (r.text("node"), r.text("operation"))]


def _reports(node: FlowNode, records: Sequence[FactRecord]) -> list[FactRecord]:
    return _of(records, node.node if node.node in _INSPECTIONS else "in_process_inspection")


def _own(node: FlowNode, records: Sequence[FactRecord]) -> list[FactRecord]:
    if node.node not in _OWN_RECORDS:
        return _operations(node, records)
    own = _of(records, *_OWN_RECORDS[node.node])
    return [r for r in own if r.kind not in _OF_MANY_NODES or _stands_at(node, r)]


def _stands_at(node: FlowNode, record: FactRecord) -> bool:
    """A shipment speaks for outbound, transport and delivery; the other kinds only for the node they name."""
    if record.kind == "shipment":
        return True
    return KINDS[record.kind].node_of(record.record) == node.node


def _operation_record(node: FlowNode, lot: str, records: Sequence[FactRecord]) -> list[Finding]:
    own = _own(node, records)
    if not own:
        zh, en = f"批次 {lot} 在「{node.zh}」没有记录", f"Lot {lot} has no record at {node.en}"
        return [gap("operation_record", zh, en)]
    wrong = [finding for record in own for finding in _wrong_with(node, record)]
    if wrong:
        return wrong
    zh, en = f"批次 {lot}：{len(own)} 条记录正常", f"Lot {lot}: {len(own)} record(s) in order"
    return [in_order("operation_record", zh, en, own)]


def _wrong_with(node: FlowNode, record: FactRecord) -> list[Finding]:
    kind: FindingKind = "operation_record"
    started, ended = record.moment("started_at"), record.moment("ended_at")
    if started and ended and ended < started:
        zh, en = f"工序 {record.text('operation')} 在开始之前结束", f"Operation {record.text('operation')} ended first"
        return [deviation(kind, zh, en, [record])]
    status = record.text("status") if record.kind == "stock" else None
    if status in ("quarantined", "blocked"):
        place = record.text("location")
        return [deviation(kind, f"库位 {place} 的库存被隔离或冻结", f"Stock at {place} is {status}", [record])]
    if node.node == "customer_delivery" and record.moment("delivered_at") is None:
        number = record.text("shipment")
        return [gap(kind, f"发货 {number} 没有签收记录", f"Shipment {number} has no delivery record", [record])]
    return []
