"""How records are judged: parameters against limits, certificates against the hour, reports against their result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from services.investigation.domain.facts.record import FactRecord
from shared.contracts.investigation.investigation import Finding

FindingKind = Literal["operation_record", "equipment_parameter", "personnel_qualification", "inspection_report"]

CITED = 50
"""Records a finding cites at most: an event stays far below its 256 KiB. The text says how many there are."""


def _cited(records: Sequence[FactRecord]) -> tuple[FactRecord, ...]:
    return tuple(records[:CITED])


def in_order(kind: FindingKind, zh: str, en: str, records: Sequence[FactRecord]) -> Finding:
    evidence = tuple(record.evidence for record in _cited(records))
    return Finding(kind=kind, answer="in_order", text_zh=zh, text_en=en, evidence=evidence)


def deviation(kind: FindingKind, zh: str, en: str, records: Sequence[FactRecord]) -> Finding:
    evidence = tuple(record.evidence for record in _cited(records))
    return Finding(kind=kind, answer="deviation", text_zh=zh, text_en=en, evidence=evidence)


def gap(kind: FindingKind, zh: str, en: str, records: Sequence[FactRecord] = ()) -> Finding:
    evidence = tuple(record.evidence for record in _cited(records))
    return Finding(kind=kind, answer="gap", text_zh=zh, text_en=en, evidence=evidence)


def outside(record: FactRecord) -> Decimal | None:
    """How far the value lies beyond its limits; 0 within them; None where nothing can be judged."""
    value = record.number("value")
    low, high = record.number("lower_limit"), record.number("upper_limit")
    if value is None or (low is None and high is None):
        return None
    below = low - value if low is not None else Decimal(0)
    above = value - high if high is not None else Decimal(0)
    return max(below, above, Decimal(0))


def _limits(record: FactRecord) -> str:
    if record.text("lower_limit") is None and record.text("upper_limit") is None:
        return "—"
    unit = f" {record.text('unit')}" if record.text("unit") else ""
    return f"[{record.text('lower_limit') or '−∞'}, {record.text('upper_limit') or '∞'}]{unit}"


def equipment_findings(lot: str, operations: Sequence[FactRecord], parameters: Sequence[FactRecord]) -> list[Finding]:
    """One finding a machine and parameter; a machine of the lot without any reading is a gap."""
    kind: FindingKind = "equipment_parameter"
    grouped: dict[tuple[str, str], list[FactRecord]] = defaultdict(list)
    for record in parameters:
        grouped[str(record.text("equipment")), str(record.text("parameter"))].append(record)
    findings = [_readings(machine, name, grouped[machine, name]) for machine, name in sorted(grouped)]
    read = {machine for machine, _ in grouped}
    for machine in sorted({m for o in operations if (m := o.text("equipment"))} - read):
        findings.append(gap(kind, f"设备 {machine} 没有参数记录", f"Equipment {machine} has no parameter record"))
    if not findings:
        zh, en = f"批次 {lot} 没有设备参数记录", f"Lot {lot} has no equipment parameter record"
        findings.append(gap(kind, zh, en))
    return findings


def _readings(machine: str, name: str, records: Sequence[FactRecord]) -> Finding:
    kind: FindingKind = "equipment_parameter"
    judged = [(far, record) for record in records if (far := outside(record)) is not None]
    bad = sorted((pair for pair in judged if pair[0] > 0), key=lambda pair: -pair[0])
    if bad:
        worst = bad[0][1]
        value, limits, at = worst.text("value"), _limits(worst), worst.text("measured_at")
        zh = f"设备 {machine} 的 {name} 有 {len(bad)}/{len(records)} 次超限，最差 {value}，限值 {limits}（{at}）"
        en = f"{name} of {machine} left its limits {len(bad)} of {len(records)} times, worst {value} of {limits} ({at})"
        return deviation(kind, zh, en, [record for _, record in bad])
    if not judged:
        zh, en = f"设备 {machine} 的 {name} 没有限值", f"{name} of {machine} has no limits to judge by"
        return gap(kind, zh, en, records)
    zh = f"设备 {machine} 的 {name}：{len(judged)} 次均在限值内"
    return in_order(kind, zh, f"{name} of {machine}: all {len(judged)} readings within limits", records)


def qualification_findings(
    lot: str, operations: Sequence[FactRecord], certificates: Sequence[FactRecord], zone: tzinfo
) -> list[Finding]:
    """Was whoever ran the operation qualified for it at that hour? Days of a certificate are the plant's."""
    kind: FindingKind = "personnel_qualification"
    if not operations:
        return [gap(kind, f"批次 {lot} 没有工序记录，无从核对人员", f"Lot {lot} has no operation to check people by")]
    return [_qualified(operation, certificates, zone) for operation in operations]


def _qualified(operation: FactRecord, certificates: Sequence[FactRecord], zone: tzinfo) -> Finding:
    kind: FindingKind = "personnel_qualification"
    who, what, at = operation.text("operator"), operation.text("operation"), operation.moment("started_at")
    if who is None or at is None:
        return gap(kind, f"工序 {what} 没有操作员", f"Operation {what} names no operator", [operation])
    own = [c for c in certificates if c.text("operator") == who and c.text("operation") == what]
    if not own:
        zh, en = f"操作员 {who} 没有工序 {what} 的资质记录", f"Operator {who} has no qualification record for {what}"
        return gap(kind, zh, en, [operation])
    local = at.astimezone(zone)
    covering = [c for c in own if _covers(c, local)]
    if covering:
        zh, en = f"操作员 {who} 对工序 {what} 有效持证", f"Operator {who} was qualified for {what}"
        return in_order(kind, zh, en, [operation, *covering])
    zh = f"操作员 {who} 于 {local:%Y-%m-%d %H:%M} 操作 {what} 时资质无效"
    en = f"Operator {who} had no valid qualification for {what} at {local:%Y-%m-%d %H:%M}"
    return deviation(kind, zh, en, [operation, *own])


def _covers(certificate: FactRecord, at: datetime) -> bool:
    """An open end covers every day that follows."""
    first, last = certificate.record.get("valid_from"), certificate.record.get("valid_to")
    return isinstance(first, date) and first <= at.date() and (not isinstance(last, date) or at.date() <= last)


def inspection_findings(lot: str, reports: Sequence[FactRecord]) -> list[Finding]:
    """A failed or conceded result deviates; so does a pass whose own value lies outside its limits."""
    kind: FindingKind = "inspection_report"
    if not reports:
        return [gap(kind, f"批次 {lot} 没有检验报告", f"Lot {lot} has no inspection report")]
    findings = [_report_deviation(report) for report in reports if deviates(report)]
    open_ones = [report for report in reports if unjudged(report)]
    if open_ones:
        zh = f"批次 {lot} 的 {len(open_ones)} 项检验没有判定"
        en = f"{len(open_ones)} inspection(s) of lot {lot} without a result"
        findings.append(gap(kind, zh, en, open_ones))
    if findings:
        return findings
    zh, en = f"批次 {lot} 的 {len(reports)} 项检验合格", f"{len(reports)} inspection(s) of lot {lot} passed"
    return [in_order(kind, zh, en, reports)]


def deviates(report: FactRecord) -> bool:
    """Failed or conceded, or its own value outside its limits."""
    return report.text("result") in ("fail", "concession") or (outside(report) or 0) > 0


def unjudged(report: FactRecord) -> bool:
    """Neither a result nor a value with limits: it says nothing of good or bad."""
    return report.text("result") is None and outside(report) is None


def _report_deviation(report: FactRecord) -> Finding:
    number, what, result = report.text("report"), report.text("characteristic"), report.text("result")
    value = f"{report.text('value')}，限值 {_limits(report)}" if report.text("value") else "—"
    zh = f"检验 {number} 的 {what}：{value}，判定 {result or '无'}"
    said = f"{report.text('value')}, limits {_limits(report)}" if report.text("value") else "no value"
    en = f"Inspection {number}, {what}: {said}, result {result or 'none'}"
    return deviation("inspection_report", zh, en, [report])
