"""Publishing what investigations work by. A version is never changed, only followed."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.investigation.reference import FlowNode


@dataclass(frozen=True, kw_only=True)
class PublishProcessFlow:
    """`product` None: the tenant's default flow."""

    flow: str
    nodes: tuple[FlowNode, ...]
    reason: str
    product: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublishResponsibilityRules:
    """`document`: a decision table in JDM (JSON text), checked by the table's own compiler before it comes here."""

    rules: str
    document: str
    hearing_days: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PublishMapping:
    """`document`: a mapping (JSON text), checked by `domain.facts` before it comes here."""

    mapping: str
    document: str
    reason: str


ReferenceCommand = PublishProcessFlow | PublishResponsibilityRules | PublishMapping
