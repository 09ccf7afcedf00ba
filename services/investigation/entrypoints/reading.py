"""An investigation as plain JSON: whole for the team, and for a supplier or department what concerns it (rule 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from services.investigation.domain.flow.default import Flow
from services.investigation.domain.flow.map import echarts_option, flow_map
from services.investigation.domain.investigation.dossier import ResponsibilityEvent
from services.investigation.entrypoints.corrections import Told
from services.investigation.readmodels.investigation_view import InvestigationView
from shared.adapters.http.policy import Principal
from shared.adapters.http.streams import RESTRICTED
from shared.contracts.event import type_of
from shared.contracts.investigation.responsibility import ResponsibilityContested
from shared.contracts.party import Party
from shared.contracts.words import label


def plain_view(view: InvestigationView, principal: Principal, language: str, corrected: Told) -> dict[str, Any] | None:
    """Everything, but for parties' private notes, which only the party itself may open. None: not for this reader."""
    if principal.shares_shown is not None:
        return concerning(view, principal, language)
    dossier = view.dossier
    return {
        **_head(view, language),
        "complaints": _all(dossier.complaints),
        "left": msgspec.to_builtins(dossier.left),
        "team": msgspec.to_builtins(dossier.team),
        "problem": msgspec.to_builtins(dossier.problem),
        "verified": _all(dossier.verified),
        "cross_checks": _all(dossier.checks),
        "nodes": {name: entry.status for name, entry in sorted(dossier.nodes.items())},
        "node_corrections": corrected,
        "suspects": msgspec.to_builtins(dossier.ranking),
        "whys": [
            {"asked": msgspec.to_builtins(why.asked), "answered": msgspec.to_builtins(why.answered)}
            for why in dossier.whys.values()
        ],
        "causes": _all(dossier.causes),
        "ruled_out": _all(dossier.ruled_out),
        "root_causes": _all(dossier.roots),
        "withdrawn": msgspec.to_builtins(dossier.withdrawn),
        "capa_not_required": _all(dossier.without_capa),
        "responsibility": {
            str(root): [_told(event, principal, language) for event in events]
            for root, events in dossier.responsibility.items()
        },
        "concluded": msgspec.to_builtins(dossier.concluded),
        "reports": msgspec.to_builtins(dossier.reports),
        "missing_legs": list(view.missing_legs),
        "steps": msgspec.to_builtins(view.steps),
    }


def concerning(view: InvestigationView, principal: Principal, language: str) -> dict[str, Any] | None:
    """For a party: the causes it is named for, its own shares and what it said. Nothing of the others.

    None where nothing concerns it: then there is no such investigation for it.
    """
    own = {
        str(root): [said for event in events if (said := _own(event, principal, language)) is not None]
        for root, events in view.dossier.responsibility.items()
    }
    own = {root: said for root, said in own.items() if said}
    if not own:
        return None
    causes = [cause for cause in _all(view.dossier.roots) if str(cause["root_cause_id"]) in own]
    return {**_head(view, language), "root_causes": causes, "responsibility": own}


def map_view(view: InvestigationView, flow: Flow, language: str, corrected: Told) -> dict[str, Any]:
    """The flow map with each node's findings, why it was reopened, and its picture as an ECharts option."""
    nodes = flow_map(flow, view.dossier.nodes)
    return {
        "flow": flow.flow,
        "flow_version": flow.version,
        "nodes": [
            msgspec.to_builtins(node)
            | {"status_label": label(node.status, language), "corrections": corrected.get(node.node.node, [])}
            for node in nodes
        ],
        "option": echarts_option(nodes, language),
    }


def _head(view: InvestigationView, language: str) -> dict[str, Any]:
    opened = view.dossier.opened
    return {
        "id": view.state.id,
        "investigation_no": opened.investigation_no if opened else None,
        "status": view.status,
        "outcome": view.state.concluded,
        "outcome_label": label(view.state.concluded, language) if view.state.concluded else None,
        "flow": view.state.flow,
        "flow_version": view.state.flow_version,
        "opened_at": view.opened_at,
    }


def _told(event: ResponsibilityEvent, principal: Principal, language: str) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(event)
    kind = type_of(type(event))
    plain["event"] = kind.name
    plain["title"] = kind.zh if language.startswith("zh") else kind.en
    if isinstance(event, ResponsibilityContested) and event.party not in principal.parties:
        plain["private_note"] = None if event.private_note is None else _withheld(language)
    return plain


def _own(event: ResponsibilityEvent, principal: Principal, language: str) -> dict[str, Any] | None:
    """The event as the party may see it; None where it is about others only."""
    plain = _told(event, principal, language)
    if "shares" in plain:
        plain["shares"] = [share for share in plain["shares"] if Party(**share["party"]) in principal.parties]
        plain.pop("silent", None)
        plain.pop("answers", None)
        return plain if plain["shares"] else None
    return plain if Party(**plain["party"]) in principal.parties else None


def _withheld(language: str) -> str:
    return RESTRICTED["zh" if language.startswith("zh") else "en"]


def _all(found: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(one) for one in found.values()]
