"""Why a node was reopened (rule 8): the record that was corrected, what took its place, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from services.investigation.application.ports import Facts
from services.investigation.domain.facts.change import changes, sentence
from services.investigation.domain.facts.record import FactId, FactRecord, fact_id, fact_ids
from services.investigation.domain.flow.ledger import Ledger
from shared.contracts.evidence import EvidenceRef

Told = Mapping[str, list[dict[str, Any]]]
"""Node → its corrections, oldest first; a node without any isn't there."""


async def corrections_told(facts: Facts, tenant: str, ledger: Ledger, language: str) -> Told:
    corrected = {node: entry.corrections for node, entry in sorted(ledger.items()) if entry.corrections}
    cited = fact_ids(one for pairs in corrected.values() for pair in pairs for one in pair)
    known = await facts.records(tenant, cited) if cited else {}
    return {node: [_told(pair, known, language) for pair in pairs] for node, pairs in corrected.items()}


def _told(pair: tuple[EvidenceRef, EvidenceRef], known: Mapping[FactId, FactRecord], language: str) -> dict[str, Any]:
    old, new = (known[found] if (found := fact_id(one)) else None for one in pair)
    assert old is not None  # noqa: S101 - only facts are corrected
    assert new is not None  # noqa: S101 - only facts correct
    return {
        "corrected": msgspec.to_builtins(pair[0]),
        "correction": msgspec.to_builtins(pair[1]),
        "changed": [
            {
                "field": one.field,
                "label": one.zh if language.startswith("zh") else one.en,
                "was": one.was,
                "now": one.now,
            }
            for one in changes(old, new)
        ],
        "why": sentence(old, new, language),
    }
