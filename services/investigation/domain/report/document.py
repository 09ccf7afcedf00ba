"""The traceability report (质量问题追溯报告) as plain, ordered content; its canonical bytes are what is stored.

No edition holds a personal field; the customer edition is made in `customer.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.investigation.domain.flow.map import flow_map
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.chain import chain_to
from services.investigation.domain.investigation.dossier import Dossier
from services.investigation.domain.report.customer import (
    customer,
    hidden_from,
    page_texts,
    refuse_left,
    unwritten,
)
from services.investigation.domain.report.plain import plain
from services.investigation.domain.report.sources import Header, Sources
from shared.contracts.investigation.cause import RootCauseConfirmed
from shared.kernel import codec

FORMAT = 2
"""Version of this content's shape."""

Render = Callable[[Mapping[str, Any]], bytes]
"""Content → its page, in the report's language."""


def document(header: Header, sources: Sources) -> dict[str, Any]:
    """The content of the edition the header names. Raises as `customer` does."""
    return _headed(header, customer(header, sources) if header.edition == "customer" else internal(sources))


def refuse_leaking(header: Header, sources: Sources, content: Mapping[str, Any], render: Render) -> None:
    """Hold the page of a customer edition against the names too. Raises ConfidentialLeft."""
    if header.edition == "customer":
        same_for_all = render(_headed(header, unwritten(header, sources)))
        refuse_left(hidden_from(header, sources), page_texts(render(content)), page_texts(same_for_all))


def _headed(header: Header, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "header": plain(header), **body}


def canonical(content: Mapping[str, Any]) -> bytes:
    """Sorted keys, UTF-8, decimals as strings: the same content is the same bytes, for ever."""
    return codec.encode_plain(content)


def internal(sources: Sources) -> dict[str, Any]:
    dossier = sources.dossier
    return {
        "investigation": plain(dossier.opened),
        "complaints": [plain(one) for one in dossier.complaints.values()],
        "team": [plain(one) for one in dossier.team],
        "problem": plain(dossier.problem),
        "verification": [plain(one) for one in dossier.verified.values()],
        "cross_checks": [plain(one) for one in dossier.checks.values()],
        "nodes": [plain(mapped) for mapped in flow_map(sources.flow, dossier.nodes)],
        "genealogy": [_trace(one) for one in sources.traces],
        "suspects": plain(dossier.ranking),
        "causes": [
            plain(cause) | {"ruled_out": plain(dossier.ruled_out.get(cause_id))}
            for cause_id, cause in dossier.causes.items()
        ],
        "root_causes": [_root(root, dossier) for root in dossier.roots.values()],
        "responsibility": [
            {"root_cause_id": str(root), "history": [plain(e) | {"event": type(e).__name__} for e in history]}
            for root, history in dossier.responsibility.items()
            if root in dossier.roots
        ],
        "actions": [plain(action) for action in sources.actions],
        "effects": [plain(effect) for effect in sources.effects],
        "conclusion": plain(dossier.concluded),
    }


def _root(root: RootCauseConfirmed, dossier: Dossier) -> dict[str, Any]:
    whys = [
        {"asked": plain(why.asked), "answered": plain(why.answered)} for why in chain_to(dossier.whys, root.chain[-1])
    ]
    told: dict[str, Any] = plain(root)
    return told | {"whys": whys, "capa_not_required": plain(dossier.without_capa.get(root.root_cause_id))}


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "start": trace.start,
        "direction": trace.direction,
        "levels": dict(trace.levels),
        "edges": [plain(edge) for edge in trace.edges],
        "stopped_by": sorted(trace.stopped_by),
    }
