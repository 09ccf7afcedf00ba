"""The chain of whys under a root cause (rule 10): unbroken, with evidence, and ending where it may end."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.investigation.domain.errors import (
    BoundaryPassed,
    NotYetRoot,
    WhyOfOtherLeg,
    WhyUnanswered,
    WhyUnknown,
    WhyWithoutEvidence,
)
from services.investigation.domain.investigation.state import Investigation, Why
from shared.contracts.investigation.cause import WhyAnswered
from shared.contracts.words import CauseLeg

Whys = Mapping[UUID, Why]
EIGHT_D_LEGS: tuple[CauseLeg, ...] = ("occurrence", "escape")
"""8D's D4 asks why it happened and why it wasn't found."""


def why_of(whys: Whys, why_id: UUID) -> Why:
    why = whys.get(why_id)
    if why is None:
        raise WhyUnknown(why_id=str(why_id))
    return why


def chain_to(whys: Whys, last: UUID) -> tuple[Why, ...]:
    """From symptom to root. `follows` always points at an earlier why, so this ends."""
    found = [why_of(whys, last)]
    while (before := found[-1].asked.follows) is not None:
        found.append(why_of(whys, before))
    return tuple(reversed(found))


def unbroken(whys: Whys, last: UUID, leg: CauseLeg) -> tuple[WhyAnswered, ...]:
    """The chain's answers. Raises the OpenQuestion that stands between it and a root cause, the earliest first.

    Inside the house a chain ends at a managerial or systemic answer; outside, at the boundary that it reached.
    """
    chain = chain_to(whys, last)
    if chain[0].asked.leg != leg:
        raise WhyOfOtherLeg(leg=chain[0].asked.leg, asked=leg)
    answers = tuple(_proven(why) for why in chain)
    for why, answer in zip(chain[:-1], answers[:-1], strict=True):
        if answer.boundary != "inside":
            raise BoundaryPassed(why_id=str(why.asked.why_id), question=why.asked.question)
    _nothing_asked_beyond(whys, last)
    end = answers[-1]
    if end.boundary == "inside" and end.level == "technical":
        raise NotYetRoot(why_id=str(last), question=chain[-1].asked.question, answer=end.answer)
    return answers


def missing_legs(state: Investigation) -> tuple[CauseLeg, ...]:
    """The legs that an 8D report still lacks a confirmed root cause for."""
    confirmed = {root.leg for root in state.roots.values()}
    return tuple(leg for leg in EIGHT_D_LEGS if leg not in confirmed)


def _proven(why: Why) -> WhyAnswered:
    if why.answered is None:
        raise WhyUnanswered(why_id=str(why.asked.why_id), question=why.asked.question)
    if not why.answered.evidence:
        raise WhyWithoutEvidence(why_id=str(why.asked.why_id), question=why.asked.question)
    return why.answered


def _nothing_asked_beyond(whys: Whys, last: UUID) -> None:
    for why in whys.values():
        if why.asked.follows == last and why.answered is None:
            raise WhyUnanswered(why_id=str(why.asked.why_id), question=why.asked.question)
