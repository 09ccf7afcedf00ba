"""Published rules of the investigation: process flows, responsibility rules, mappings."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.event import Event, event
from shared.contracts.words import RecordSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNode:
    """A step of the process, from raw-material receipt to customer delivery. `next` are the nodes that follow."""

    node: str
    zh: str
    en: str
    system: RecordSystem
    department: str
    checks: tuple[str, ...]
    next: tuple[str, ...]


@event(zh="流程图已发布", en="Process flow published")
class ProcessFlowPublished(Event):
    """`product` None: the tenant's default flow."""

    flow: str
    version: int
    nodes: tuple[FlowNode, ...]
    reason: str
    product: str | None = None


@event(zh="责任判定规则已发布", en="Responsibility rules published")
class ResponsibilityRulesPublished(Event):
    """`document` is a decision table in JDM (JSON text); each row names its clause in the quality manual."""

    rules: str
    version: int
    document: str
    hearing_days: int
    reason: str


@event(zh="数据映射已发布", en="Mapping published")
class MappingPublished(Event):
    """`document` says which column of a source is which field of a fact (JSON text)."""

    mapping: str
    version: int
    document: str
    reason: str
