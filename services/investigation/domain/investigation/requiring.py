"""Conditions that many decisions share, each raising its own refusal."""

from __future__ import annotations

from collections.abc import Collection

from services.investigation.domain.errors import AlreadyConcluded, BlankText, EvidenceMissing, NodeUnknown
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.evidence import EvidenceRef


def still_open(state: Investigation) -> None:
    if state.concluded is not None:
        raise AlreadyConcluded(outcome=state.concluded)


def said(**texts: str) -> None:
    """Raises BlankText for the first text that says nothing."""
    for name, text in texts.items():
        if not text.strip():
            raise BlankText(name=name)


def cited(evidence: Collection[EvidenceRef], what: str) -> None:
    if not evidence:
        raise EvidenceMissing(what=what)


def in_flow(node: str, flow_nodes: frozenset[str]) -> None:
    if node not in flow_nodes:
        raise NodeUnknown(node=node)
