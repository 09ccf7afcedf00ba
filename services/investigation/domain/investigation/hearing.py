"""How each party is heard: the shares of one root cause after each event (rules 11 and 12)."""

from __future__ import annotations

from dataclasses import replace

from services.investigation.domain.investigation.state import PartyAnswer, Shares
from shared.contracts.investigation.responsibility import (
    ResponsibilityAccepted,
    ResponsibilityConfirmed,
    ResponsibilityContested,
    ResponsibilityProposed,
    ResponsibilityRevised,
    ResponsibilityUpheld,
    Share,
)
from shared.contracts.party import Party

Hearing = (
    ResponsibilityProposed
    | ResponsibilityRevised
    | ResponsibilityAccepted
    | ResponsibilityContested
    | ResponsibilityUpheld
    | ResponsibilityConfirmed
)


def heard(before: Shares | None, event: Hearing) -> Shares:
    """Raises AssertionError where a hearing goes on that nobody proposed: the log can't hold that."""
    if isinstance(event, ResponsibilityProposed):
        return Shares(event.proposal_no, frozenset({event.proposed_by}), event.shares, event.hear_by)
    assert before is not None, "an answer to shares that nobody proposed"  # noqa: S101 - the decider has looked
    match event:
        case ResponsibilityRevised():
            return _revised(before, event)
        case ResponsibilityAccepted():
            return _spoken(before, event, "accepted")
        case ResponsibilityContested():
            contested = replace(_spoken(before, event, "contested"), confirmed=False)
            return replace(contested, decided=before.decided | {(event.party, event.stage)})
        case ResponsibilityUpheld():
            return _answered(before, event.party, "upheld")
        case ResponsibilityConfirmed():
            return replace(before, confirmed=True, ever_confirmed=True)


def _answered(shares: Shares, party: Party, answer: PartyAnswer) -> Shares:
    return replace(shares, answers={**shares.answers, party: answer})


def _spoken(shares: Shares, event: ResponsibilityAccepted | ResponsibilityContested, answer: PartyAnswer) -> Shares:
    who = frozenset() if event.answered_by is None else frozenset({(event.party, event.answered_by)})
    return replace(_answered(shares, event.party, answer), answerers=shares.answerers | who)


def _revised(before: Shares, event: ResponsibilityRevised) -> Shares:
    """Who accepted or was upheld and bears all the same as before needs no second hearing; all others are heard anew.

    A contested share that the revision doesn't answer stays contested.
    """
    unchanged = {p for p in before.parties if _borne(before.shares, p) == _borne(event.shares, p)}
    kept = {
        party: answer
        for party, answer in before.answers.items()
        if party not in event.answers and (answer == "contested" or party in unchanged)
    }
    return Shares(
        event.proposal_no,
        before.proposers | {event.proposed_by},
        event.shares,
        event.hear_by,
        answers=kept,
        answerers=before.answerers,
        ever_confirmed=before.ever_confirmed,
    )


def _borne(shares: tuple[Share, ...], party: Party) -> tuple[Share, ...]:
    """All that a party bears, in an order of its own."""
    return tuple(sorted((share for share in shares if share.party == party), key=lambda share: share.kind))
