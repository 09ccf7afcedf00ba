"""The traceability report as a printable page: the same bytes for the same content, for ever (rule 16)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from shared.contracts.words import label

TEMPLATE_VERSION = 2
"""Raised whenever the template's output changes; issued pages are kept as bytes and never made again."""

_FILE = Path(__file__).with_name("traceability_report.html.j2")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("质量问题追溯报告", "Quality traceability report"),
    "stage": ("阶段", "Stage"),
    "edition": ("版本", "Edition"),
    "issued_at": ("签发时间", "Issued at"),
    "positions": ("日志位置", "Log positions"),
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
    "conclusion": ("调查结论", "Conclusion"),
    "tried": ("已做工作", "What was tried"),
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

    page = _template().render(d=document, t=texts, label=said, named=named, language=("zh-CN", "en")[nth])
    return page.encode("utf-8")
