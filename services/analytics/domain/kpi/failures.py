"""Pareto by defect and by node: which defect, and which node fails most easily?"""

from __future__ import annotations

from collections.abc import Iterable

from services.analytics.domain.facts import CauseFact, Item
from services.analytics.domain.kpi.pareto import Bar, pareto

NO_CODE = ""
"""The label of items that nobody gave a defect code yet."""


def pareto_by_defect(items: Iterable[Item]) -> list[Bar]:
    """Items by defect code, split by verdict. An item with several codes counts once under each."""
    return pareto((code, item.verdict) for item in items for code in dict.fromkeys(item.defect_codes or (NO_CODE,)))


def pareto_by_node(causes: Iterable[CauseFact]) -> list[Bar]:
    """Confirmed root causes by the node that they lie at, split by leg (occurrence, escape, systemic)."""
    return pareto((cause.node, cause.leg) for cause in causes)
