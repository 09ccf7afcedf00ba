"""The traceability report as a printable page: the same bytes for the same content, for ever (rule 16)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.words import label

TEMPLATE_VERSION = 3
"""Raised whenever the template's output changes; issued pages are kept as bytes and never made again."""

_SMALL = Decimal("0.0001")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FILE = Path(__file__).with_name("traceability_report.html.j2")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("质量问题追溯报告", "Quality traceability report"),
    "report_no": ("报告编号", "Report no."),
    "investigation_no": ("调查编号", "Investigation no."),
    "stage": ("阶段", "Stage"),
    "edition": ("版本", "Edition"),
    "issued_at": ("签发时间", "Issued at"),
    "positions": ("日志位置", "Log positions"),
    "complaint": ("投诉", "Complaint"),
    "complaints": ("投诉", "Complaints"),
    "complaint_no": ("投诉编号", "Complaint no."),
    "received_at": ("收到时间", "Received at"),
    "severity": ("严重度", "Severity"),
    "product": ("产品", "Product"),
    "lot": ("批次", "Lot"),
    "quantity": ("数量", "Quantity"),
    "defects": ("缺陷", "Defects"),
    "team": ("跨部门小组", "Team"),
    "problem": ("问题描述", "Problem statement"),
    "verification": ("信息验证", "Verification"),
    "outcome": ("结论", "Outcome"),
    "note": ("说明", "Note"),
    "cross_checks": ("数据交叉验证", "Cross-checks"),
    "check": ("检查项", "Check"),
    "system": ("系统", "System"),
    "claimed": ("客户所述", "Claimed"),
    "recorded": ("记录", "Recorded"),
    "answer": ("结果", "Answer"),
    "nodes": ("流程节点排查", "Process nodes"),
    "node": ("节点", "Node"),
    "status": ("状态", "Status"),
    "findings": ("发现", "Findings"),
    "genealogy": ("批次谱系", "Genealogy"),
    "suspects": ("源头定位", "Localisation"),
    "causes": ("原因", "Causes considered"),
    "ruled_out": ("已排除", "ruled out"),
    "root_causes": ("根本原因", "Root causes"),
    "why": ("为什么", "Why"),
    "responsibility": ("责任判定", "Responsibility"),
    "party": ("责任方", "Party"),
    "share": ("责任类别", "Share"),
    "percent": ("比例 %", "Percent"),
    "clause": ("规则 / 条款", "Rule / clause"),
    "actions": ("措施", "Actions"),
    "due": ("期限", "Due"),
    "kind": ("类别", "Kind"),
    "action": ("措施内容", "Action"),
    "cut_in": ("断点", "Cut-in"),
    "effects": ("效果验证", "Effectiveness"),
    "window": ("生产日期窗口", "Made within"),
    "baseline_ppm": ("改进前 PPM", "Baseline PPM"),
    "target_ppm": ("目标 PPM", "Target PPM"),
    "ppm": ("实测 PPM", "Measured PPM"),
    "bad_of_units": ("确认不良 / 生产数", "Confirmed bad / made"),
    "beside": ("待定 / 日期不明", "Pending / undated"),
    "not_judged": ("尚无结论", "Not judged yet"),
    "closed": ("CAPA 已关闭", "CAPA closed"),
    "open": ("CAPA 未关闭", "CAPA open"),
    "candidates": ("候选（不可区分）", "Candidates (aliased)"),
    "bad": ("不良 / 总数", "Bad / units"),
    "p_exact": ("精确检验 p", "Exact p"),
    "p_adjusted": ("Holm 校正后 p", "p after Holm"),
    "p_permutation": ("轮转置换 p", "Rotation p"),
    "p_time_blocks": ("时段内 p", "Within-blocks p"),
    "verdict": ("结论", "Verdict"),
    "category": ("类别", "Category"),
    "statement": ("原因", "Cause"),
    "account": ("客户", "Account"),
    "region": ("区域", "Region"),
    "conclusion": ("调查结论", "Conclusion"),
    "tried": ("已做工作", "What was tried"),
    "inapplicable": ("不适用", "Does not apply"),
    "evidence": ("证据", "Evidence"),
    "none": ("无", "None"),
}


@lru_cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_FILE.read_text(encoding="utf-8"))


def render(document: Mapping[str, Any], language: str) -> bytes:
    """UTF-8 HTML of a report's content. `language`: zh-CN or en. Reads no clock; needs no other file to show."""
    nth = 0 if language.startswith("zh") else 1
    texts = {name: pair[nth] for name, pair in _TEXTS.items()}

    def said(value: str) -> str:
        return label(value, language)

    def named(thing: Mapping[str, Any], field: str) -> str:
        """The text of a pair like text_zh/text_en, or zh/en."""
        return str(thing[f"{field}{('zh', 'en')[nth]}"])

    zone = ZoneInfo(document["header"]["zone"])
    complaints = {one["complaint_id"]: one["complaint_no"] for one in document.get("complaints", ())}
    nodes = {mapped["node"]["node"]: named(mapped["node"], "") for mapped in document.get("nodes", ())}
    page = _template().render(
        d=document,
        t=texts,
        label=said,
        named=named,
        moment=lambda told: _moment(told, zone),
        value=lambda told: _value(told, zone, said),
        complaint=lambda complaint_id: complaints.get(complaint_id, ""),
        node=lambda name: nodes.get(name, said(name)),
        titled=lambda event: _title(event, nth),
        cut_in=lambda told: _cut_in(told, said),
        decimal=_decimal,
        language=("zh-CN", "en")[nth],
    )
    return page.encode("utf-8")


def _moment(told: str, zone: ZoneInfo) -> str:
    """`2026-03-02 16:00 (UTC+08:00)`: where the plant is, to the minute."""
    there = datetime.fromisoformat(told).astimezone(zone)
    offset = there.utcoffset() or timedelta()
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta() else "+"
    return f"{there:%Y-%m-%d %H:%M} (UTC{sign}{minutes // 60:02d}:{minutes % 60:02d})"


def _value(told: str | None, zone: ZoneInfo, said: Callable[[str], str]) -> str:
    """A value that a check compares: a time as every time here, a word of the vocabularies said, all else as it is."""
    if told is None:
        return "–"
    return _moment(told, zone) if _TIME.fullmatch(told) else said(told)


def _title(event: str, nth: int) -> str:
    kind = EVENT_TYPES[f"investigation.{event}"]
    return (kind.zh, kind.en)[nth]


def _cut_in(told: str, said: Callable[[str], str]) -> str:
    """`lot A-18` with its kind said."""
    kind, _, value = told.partition(" ")
    return f"{said(kind)} {value}"


def _decimal(told: str) -> str:
    """A decimal text of six digits to three, for reading: the content keeps them all."""
    value = Decimal(told)
    return f"{value:.2e}" if 0 < value < _SMALL else f"{float(value):.3g}"
