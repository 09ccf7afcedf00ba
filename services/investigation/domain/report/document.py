"""The traceability report (质量问题追溯报告) as plain, ordered content; its canonical bytes are what is stored.

The customer edition is built from a list of what it may hold, never by leaving out (rule 16): no shares, no other
customer, no supplier; and free texts have such names blackened. No edition holds a personal field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.investigation.domain.flow.default import Flow
from services.investigation.domain.flow.map import flow_map
from services.investigation.domain.genealogy.trace import Trace
from services.investigation.domain.investigation.chain import chain_to
from services.investigation.domain.investigation.dossier import Dossier
from services.investigation.domain.report.confidential import blackened
from shared.contracts.investigation.cause import RootCauseConfirmed
from shared.contracts.investigation.investigation import ComplaintJoined
from shared.contracts.investigation.responsibility import LogPosition
from shared.contracts.words import Edition, ReportStage
from shared.kernel import codec

FORMAT = 1
"""Version of this content's shape."""

BLACKENED = "■■■"

_NEVER = frozenset({"private_note", "party_key"})
"""A party's own note stays its own (rule 13); nothing else in the dossier is personal or private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`positions`: the logs as they stood; `complaint_id`: whose customer the customer edition is for."""

    report_no: str
    stage: ReportStage
    edition: Edition
    issued_at: datetime
    template_version: int
    positions: tuple[LogPosition, ...]
    complaint_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAction:
    """An action of a CAPA that answers this investigation. `cut_in`: `lot A-18`, as text."""

    capa_no: str
    action_no: int
    kind: str
    title: str
    department: str
    due_date: date
    status: str
    cut_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a report is made of. `confidential`: names and codes of all suppliers, carriers and customers known."""

    dossier: Dossier
    flow: Flow
    actions: Sequence[ReportAction]
    traces: Sequence[Trace] = ()
    confidential: frozenset[str] = frozenset()


def document(header: Header, sources: Sources) -> dict[str, Any]:
    """The content of the edition the header names. Raises KeyError: a customer edition of no joined complaint."""
    body = customer(header, sources) if header.edition == "customer" else internal(sources)
    head = {"format": FORMAT, "header": _plain(header)}
    return head | body


def canonical(content: Mapping[str, Any]) -> bytes:
    """Sorted keys, UTF-8, decimals as strings: the same content is the same bytes, for ever."""
    return codec.encode_plain(content)


def internal(sources: Sources) -> dict[str, Any]:
    dossier = sources.dossier
    return {
        "investigation": _plain(dossier.opened),
        "complaints": [_plain(one) for one in dossier.complaints.values()],
        "team": [_plain(one) for one in dossier.team],
        "problem": _plain(dossier.problem),
        "verification": [_plain(one) for one in dossier.verified.values()],
        "cross_checks": [_plain(one) for one in dossier.checks.values()],
        "nodes": [_plain(mapped) for mapped in flow_map(sources.flow, dossier.nodes)],
        "genealogy": [_trace(one) for one in sources.traces],
        "suspects": _plain(dossier.ranking),
        "causes": [
            _plain(cause) | {"ruled_out": _plain(dossier.ruled_out.get(cause_id))}
            for cause_id, cause in dossier.causes.items()
        ],
        "root_causes": [_root(root, dossier) for root in dossier.roots.values()],
        "responsibility": [
            {"root_cause_id": str(root), "history": [_plain(e) | {"event": type(e).__name__} for e in history]}
            for root, history in dossier.responsibility.items()
            if root in dossier.roots
        ],
        "actions": [_plain(action) for action in sources.actions],
        "conclusion": _plain(dossier.concluded),
    }


def customer(header: Header, sources: Sources) -> dict[str, Any]:
    """What the one customer may read: its own claim, what was found of it, the cause, the measures, the answer."""
    dossier = sources.dossier
    if header.complaint_id is None:
        raise KeyError("complaint_id")
    own = dossier.complaints[header.complaint_id]
    hidden = _hidden(sources, own)

    def shown(text: str | None) -> str | None:
        return None if text is None else blackened(text, hidden, BLACKENED)

    return {
        "complaint": {
            "complaint_no": own.complaint_no,
            "received_at": _plain(own.received_at),
            "severity": own.severity,
            "items": [_plain(item) for item in own.items],
        },
        "problem": shown(dossier.problem.statement) if dossier.problem else None,
        "verification": [
            {
                "item_no": one.item_no,
                "outcome": one.outcome,
                "product": one.product,
                "lot": one.lot,
                "quantity": _plain(one.quantity),
                "defect_codes": list(one.defect_codes),
                "note": shown(one.note),
            }
            for (complaint_id, _), one in dossier.verified.items()
            if complaint_id == own.complaint_id
        ],
        "root_causes": [
            {"leg": root.leg, "category": root.category, "statement": shown(root.statement)}
            for root in dossier.roots.values()
        ],
        "actions": [
            {
                "kind": "corrective" if action.kind == "supplier_corrective" else action.kind,
                "title": shown(action.title),
                "due_date": str(action.due_date),
                "status": action.status,
            }
            for action in sources.actions
        ],
        "conclusion": {"outcome": dossier.concluded.outcome, "statement": shown(dossier.concluded.statement)}
        if dossier.concluded
        else None,
    }


def _hidden(sources: Sources, own: ComplaintJoined) -> frozenset[str]:
    """All names known as confidential, the other complaints' numbers and accounts, and every outside bearing party."""
    others = [one for one in sources.dossier.complaints.values() if one.complaint_id != own.complaint_id]
    words = {word for one in others for word in (one.account, one.complaint_no) if word}
    for history in sources.dossier.responsibility.values():
        for event in history:
            for share in getattr(event, "shares", ()):
                if share.party.kind not in ("department", "post", "none", "customer_use"):
                    words.add(share.party.code)
    own_words = {own.account, own.complaint_no}
    return frozenset((words | sources.confidential) - own_words)


def _root(root: RootCauseConfirmed, dossier: Dossier) -> dict[str, Any]:
    whys = [
        {"asked": _plain(why.asked), "answered": _plain(why.answered)} for why in chain_to(dossier.whys, root.chain[-1])
    ]
    told: dict[str, Any] = _plain(root)
    return told | {"whys": whys, "capa_not_required": _plain(dossier.without_capa.get(root.root_cause_id))}


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "start": trace.start,
        "direction": trace.direction,
        "levels": dict(trace.levels),
        "edges": [_plain(edge) for edge in trace.edges],
        "stopped_by": sorted(trace.stopped_by),
    }


def _plain(value: object) -> Any:  # noqa: PLR0911 - one return a kind of value
    """JSON values only, as canonical bytes would say them, so that a page made from either is the same."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat()
        case UUID() | date():
            return str(value)
        case tuple() | list():
            return [_plain(one) for one in value]
        case dict():
            return {str(k): _plain(v) for k, v in value.items()}
        case None | bool() | int() | str():
            return value
        case _ if is_dataclass(value):
            return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _NEVER}
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")
