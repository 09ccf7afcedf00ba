"""Backtracking through the process nodes: examine, clear, reopen, suspect (rule 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from services.investigation.domain.errors import (
    DeviationOpen,
    EvidenceSuperseded,
    NodeFaulty,
    NodeNotExamined,
)
from services.investigation.domain.facts.record import fact_id
from services.investigation.domain.flow.ledger import Entry
from services.investigation.domain.investigation.commands import (
    ClearNode,
    CorrectEvidence,
    ExamineNode,
    NodeCommand,
    RankSuspects,
    SuspectNode,
)
from services.investigation.domain.investigation.requiring import cited, in_flow, said, still_open
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import Event
from shared.contracts.investigation.investigation import (
    NodeCleared,
    NodeExamined,
    NodeReopened,
    SuspectNodeIdentified,
)

Events = Sequence[Event]

IN_ORDER = "排查无异常 / examined, all in order"
"""The ground of a clearing that needs none: every examination of the node was in order."""


def decide(command: NodeCommand, state: Investigation) -> Events:
    match command:
        case ExamineNode():
            return examine_node(command, state)
        case ClearNode():
            return clear_node(command, state)
        case SuspectNode():
            return suspect_node(command, state)
        case CorrectEvidence():
            return correct_evidence(command, state)
        case RankSuspects():
            return rank_suspects(command, state)
        case _:
            assert_never(command)


def examine_node(command: ExamineNode, state: Investigation) -> Events:
    still_open(state)
    in_flow(command.node, command.flow_nodes)
    said(lot=command.lot)
    return [
        NodeExamined(
            investigation_id=state.known,
            node=command.node,
            lot=command.lot,
            findings=command.findings,
            facts_position=command.facts_position,
        )
    ]


def clear_node(command: ClearNode, state: Investigation) -> Events:
    """Only with evidence, none of it corrected since; only after examinations in order, or with a ground."""
    still_open(state)
    in_flow(command.node, command.flow_nodes)
    cited(command.evidence, "clearing")
    entry = state.nodes.get(command.node, Entry())
    if entry.faults:
        raise NodeFaulty(node=command.node)
    _still_current(command, entry)
    ground = (command.ground or "").strip() or _in_order(command.node, entry)
    if entry.status == "cleared" and (entry.cleared_by, entry.ground) == (command.evidence, ground):
        return []
    return [NodeCleared(investigation_id=state.known, node=command.node, evidence=command.evidence, ground=ground)]


def suspect_node(command: SuspectNode, state: Investigation) -> Events:
    still_open(state)
    in_flow(command.node, command.flow_nodes)
    said(ground=command.ground)
    return [
        SuspectNodeIdentified(
            investigation_id=state.known, node=command.node, ground=command.ground, evidence=command.evidence
        )
    ]


def correct_evidence(command: CorrectEvidence, state: Investigation) -> Events:
    """Also after the conclusion: what was examined or cleared no longer is, and the case must say so.

    A suspect node stays one: a correction is no exoneration.
    """
    reopened: dict[str, NodeReopened] = {}
    for one in command.corrections:
        corrected = fact_id(one.corrected)
        for node, entry in state.nodes.items():
            if corrected in entry.stands_on:
                reopened.setdefault(
                    node,
                    NodeReopened(
                        investigation_id=state.known, node=node, corrected=one.corrected, correction=one.correction
                    ),
                )
    return list(reopened.values())


def rank_suspects(command: RankSuspects, state: Investigation) -> Events:
    still_open(state)
    return [replace(command.ranking, investigation_id=state.known)]


def _still_current(command: ClearNode, entry: Entry) -> None:
    corrected = {fact_id(old) for old, _ in entry.corrections} | command.superseded
    for one in command.evidence:
        if fact_id(one) in corrected and one.row is not None:
            raise EvidenceSuperseded(batch=str(one.batch), row=one.row)


def _in_order(node: str, entry: Entry) -> str:
    finding = entry.open_finding()
    if finding is not None:
        lot, said_of_it = finding
        raise DeviationOpen(node=node, lot=lot, finding_zh=said_of_it.text_zh, finding_en=said_of_it.text_en)
    if not entry.examined:
        raise NodeNotExamined(node=node)
    return IN_ORDER
