"""Root cause analysis: whys, proposed and ruled-out causes, the confirmed root cause (rule 10), no CAPA (rule 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

from services.investigation.domain.errors import (
    ApproverIsAuthor,
    BlankText,
    BoundaryPassed,
    IdTaken,
    NodeExcluded,
    RootCauseStands,
    RootCauseUnknown,
    WhyInUse,
    WhyOfOtherLeg,
    WhyUnanswered,
)
from services.investigation.domain.facts.record import distinct
from services.investigation.domain.investigation.chain import unbroken, why_of
from services.investigation.domain.investigation.commands import (
    AnswerWhy,
    AskWhy,
    CauseCommand,
    ConfirmRootCause,
    DeclareCapaNotRequired,
    ProposeCause,
    RuleOutCause,
    WithdrawRootCause,
)
from services.investigation.domain.investigation.requiring import cited, in_flow, said, still_open
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import Event
from shared.contracts.investigation.cause import (
    CapaNotRequired,
    CauseProposed,
    CauseRuledOut,
    RootCauseConfirmed,
    RootCauseWithdrawn,
    WhyAnswered,
    WhyAsked,
)
from shared.kernel.errors import NotFound

Events = Sequence[Event]


def decide(command: CauseCommand, state: Investigation) -> Events:  # noqa: PLR0911 - one return a command
    match command:
        case AskWhy():
            return ask_why(command, state)
        case AnswerWhy():
            return answer_why(command, state)
        case ProposeCause():
            return propose_cause(command, state)
        case RuleOutCause():
            return rule_out_cause(command, state)
        case ConfirmRootCause():
            return confirm_root_cause(command, state)
        case WithdrawRootCause():
            return withdraw_root_cause(command, state)
        case DeclareCapaNotRequired():
            return declare_capa_not_required(command, state)
        case _:
            assert_never(command)


def ask_why(command: AskWhy, state: Investigation) -> Events:
    """A why questions an answer of its own leg; beyond the house's boundary there is nothing left to ask."""
    still_open(state)
    said(question=command.question)
    asked = WhyAsked(
        investigation_id=state.known,
        why_id=command.why_id,
        leg=command.leg,
        question=command.question,
        follows=command.follows,
    )
    known = state.whys.get(command.why_id)
    if known is not None:
        if known.asked == asked:
            return []
        raise IdTaken(what="why", id=str(command.why_id))
    if command.follows is not None:
        _may_follow(command, state)
    return [asked]


def _may_follow(command: AskWhy, state: Investigation) -> None:
    assert command.follows is not None  # noqa: S101 - the caller has looked
    before = why_of(state.whys, command.follows)
    if before.asked.leg != command.leg:
        raise WhyOfOtherLeg(leg=before.asked.leg, asked=command.leg)
    if before.answered is None:
        raise WhyUnanswered(why_id=str(command.follows), question=before.asked.question)
    if before.answered.boundary != "inside":
        raise BoundaryPassed(why_id=str(command.follows), question=before.asked.question)


def answer_why(command: AnswerWhy, state: Investigation) -> Events:
    """A better answer replaces an earlier one, unless a confirmed root cause stands on it."""
    still_open(state)
    why = state.whys.get(command.why_id)
    if why is None:
        raise NotFound(what="why", id=str(command.why_id))
    said(answer=command.answer)
    if any(command.why_id in root.chain for root in state.roots.values()):
        raise WhyInUse(why_id=str(command.why_id), question=why.asked.question)
    answered = WhyAnswered(
        investigation_id=state.known,
        why_id=command.why_id,
        answer=command.answer,
        level=command.level,
        boundary=command.boundary,
        evidence=command.evidence,
    )
    return [] if answered == why.answered else [answered]


def propose_cause(command: ProposeCause, state: Investigation) -> Events:
    still_open(state)
    said(statement=command.statement)
    in_flow(command.node, command.flow_nodes)
    if command.cause_id in state.causes:
        raise IdTaken(what="cause", id=str(command.cause_id))
    return [
        CauseProposed(
            investigation_id=state.known,
            cause_id=command.cause_id,
            statement=command.statement,
            category=command.category,
            leg=command.leg,
            node=command.node,
        )
    ]


def rule_out_cause(command: RuleOutCause, state: Investigation) -> Events:
    still_open(state)
    standing = state.causes.get(command.cause_id)
    if standing is None:
        raise NotFound(what="cause", id=str(command.cause_id))
    said(ground=command.ground)
    cited(command.evidence, "ruling_out")
    if not standing:
        return []
    return [
        CauseRuledOut(
            investigation_id=state.known,
            cause_id=command.cause_id,
            ground=command.ground,
            evidence=command.evidence,
        )
    ]


def confirm_root_cause(command: ConfirmRootCause, state: Investigation) -> Events:
    still_open(state)
    said(statement=command.statement)
    in_flow(command.node, command.flow_nodes)
    if command.root_cause_id in state.roots or command.root_cause_id in state.withdrawn:
        raise IdTaken(what="root_cause", id=str(command.root_cause_id))
    if not command.products:
        raise BlankText(name="products")
    answers = unbroken(state.whys, command.last_why, command.leg)
    chain = tuple(answer.why_id for answer in answers)
    if any((root.chain, root.leg) == (chain, command.leg) for root in state.roots.values()):
        raise RootCauseStands
    entry = state.nodes.get(command.node)
    if entry is not None and entry.status == "cleared":
        raise NodeExcluded(node=command.node)
    return [
        RootCauseConfirmed(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            statement=command.statement,
            leg=command.leg,
            level=answers[-1].level,
            boundary=answers[-1].boundary,
            category=command.category,
            node=command.node,
            chain=chain,
            evidence=distinct(ref for refs in (*(a.evidence for a in answers), command.evidence) for ref in refs),
            products=command.products,
            lots=command.lots,
            defect_codes=command.defect_codes,
            join_capa=command.join_capa,
            confirmed_by=command.by,
        )
    ]


def withdraw_root_cause(command: WithdrawRootCause, state: Investigation) -> Events:
    still_open(state)
    said(reason=command.reason)
    _confirmed(command.root_cause_id, state)
    return [
        RootCauseWithdrawn(investigation_id=state.known, root_cause_id=command.root_cause_id, reason=command.reason)
    ]


def declare_capa_not_required(command: DeclareCapaNotRequired, state: Investigation) -> Events:
    said(reason=command.reason)
    _confirmed(command.root_cause_id, state)
    if state.roots[command.root_cause_id].confirmed_by == command.by:
        raise ApproverIsAuthor
    if command.root_cause_id in state.without_capa:
        return []
    return [
        CapaNotRequired(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            reason=command.reason,
            approver=command.by,
        )
    ]


def _confirmed(root_cause_id: UUID, state: Investigation) -> None:
    if root_cause_id not in state.roots and root_cause_id not in state.withdrawn:
        raise NotFound(what="root_cause", id=str(root_cause_id))
    if root_cause_id not in state.roots:
        raise RootCauseUnknown(root_cause_id=str(root_cause_id))
