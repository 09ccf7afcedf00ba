"""Responsibility: proposed by rule, heard, contested, revised or upheld, confirmed by an outsider (rules 11, 12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.investigation.domain.errors import (
    AlreadyDecided,
    AlreadyProposed,
    ConfirmerBears,
    ConfirmerProposed,
    HearingInPast,
    HearingOver,
    NothingContested,
    NotProposed,
    NotYourShare,
    PartyBearsNothing,
    PartyNotHeard,
    RootCauseUnknown,
    ShareContested,
)
from services.investigation.domain.investigation.commands import (
    AcceptShare,
    ConfirmResponsibility,
    ContestShare,
    ProposeResponsibility,
    ResponsibilityCommand,
    ReviseResponsibility,
    UpholdShare,
)
from services.investigation.domain.investigation.requiring import said
from services.investigation.domain.investigation.state import Investigation, Shares
from services.investigation.domain.responsibility.shares import bearing, sound
from shared.contracts.event import Event
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

Events = Sequence[Event]


def decide(command: ResponsibilityCommand, state: Investigation) -> Events:
    match command:
        case ProposeResponsibility():
            return propose(command, state)
        case AcceptShare():
            return accept(command, state)
        case ContestShare():
            return contest(command, state)
        case ReviseResponsibility():
            return revise(command, state)
        case UpholdShare():
            return uphold(command, state)
        case ConfirmResponsibility():
            return confirm(command, state)
        case _:
            assert_never(command)


def propose(command: ProposeResponsibility, state: Investigation) -> Events:
    if command.root_cause_id not in state.roots:
        raise RootCauseUnknown(root_cause_id=str(command.root_cause_id))
    if command.root_cause_id in state.shares:
        raise AlreadyProposed
    sound(command.shares)
    _hearing_ahead(command.hear_by, command.now)
    return [
        ResponsibilityProposed(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=1,
            proposed_by=command.by,
            rules=command.rules,
            rules_version=command.rules_version,
            shares=command.shares,
            hear_by=command.hear_by,
        )
    ]


def accept(command: AcceptShare, state: Investigation) -> Events:
    """Accepting takes an objection back. After the confirmation there is nothing left to accept."""
    shares = _proposed(command.root_cause_id, state)
    _speaks_for(command.party, shares, command.speaks_for)
    if shares.confirmed or shares.answers.get(command.party) in ("accepted", "upheld"):
        return []
    return [
        ResponsibilityAccepted(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=shares.proposal_no,
            party=command.party,
            answered_by=command.by,
        )
    ]


def contest(command: ContestShare, state: Investigation) -> Events:
    """An objection until the deadline, an appeal once confirmed; each once a proposal. An appeal reopens only this."""
    shares = _proposed(command.root_cause_id, state)
    _speaks_for(command.party, shares, command.speaks_for)
    said(grounds=command.grounds)
    if (command.party, shares.stage) in shares.decided:
        raise AlreadyDecided(party=str(command.party), stage=shares.stage)
    if shares.stage == "objection" and command.now > shares.hear_by:
        raise HearingOver(hear_by=shares.hear_by)
    return [
        ResponsibilityContested(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=shares.proposal_no,
            party=command.party,
            stage=shares.stage,
            grounds=command.grounds,
            party_key=command.party_key if command.private_note is not None else None,
            private_note=command.private_note,
            answered_by=command.by,
        )
    ]


def revise(command: ReviseResponsibility, state: Investigation) -> Events:
    """Answers contested shares by a new proposal; who isn't answered stays contested (rule 12).

    Nobody rewrites what their own party bears, or is to bear.
    """
    shares = _proposed(command.root_cause_id, state)
    said(grounds=command.grounds)
    _not_of_them((*shares.shares, *command.shares), shares, command.by, command.speaks_for)
    if not shares.contested or not command.answers:
        raise NothingContested
    for party in command.answers:
        if party not in shares.contested:
            raise PartyBearsNothing(party=str(party))
    sound(command.shares)
    _hearing_ahead(command.hear_by, command.now)
    return [
        ResponsibilityRevised(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=shares.proposal_no + 1,
            proposed_by=command.by,
            shares=command.shares,
            grounds=command.grounds,
            answers=command.answers,
            hear_by=command.hear_by,
        )
    ]


def uphold(command: UpholdShare, state: Investigation) -> Events:
    """With grounds, and not by the party itself."""
    shares = _proposed(command.root_cause_id, state)
    said(grounds=command.grounds)
    if command.party not in shares.contested:
        raise NothingContested
    if command.party in command.speaks_for | shares.answered_by(command.by):
        raise ConfirmerBears(party=str(command.party))
    return [
        ResponsibilityUpheld(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=shares.proposal_no,
            party=command.party,
            grounds=command.grounds,
        )
    ]


def confirm(command: ConfirmResponsibility, state: Investigation) -> Events:
    """By neither a proposer nor a bearing party, when nothing is contested and each party answered or was silent."""
    shares = _proposed(command.root_cause_id, state)
    if shares.confirmed:
        return []
    if shares.contested:
        raise ShareContested(parties=_names(shares.contested))
    if command.by in shares.proposers:
        raise ConfirmerProposed
    _not_of_them(shares.shares, shares, command.by, command.speaks_for)
    if shares.unheard and command.now <= shares.hear_by:
        raise PartyNotHeard(parties=_names(shares.unheard), hear_by=shares.hear_by)
    root = state.roots[command.root_cause_id]
    return [
        ResponsibilityConfirmed(
            investigation_id=state.known,
            root_cause_id=command.root_cause_id,
            proposal_no=shares.proposal_no,
            shares=shares.shares,
            silent=shares.unheard,
            leg=root.leg,
            node=root.node,
            products=root.products,
            defect_codes=root.defect_codes,
        )
    ]


def _proposed(root_cause_id: UUID, state: Investigation) -> Shares:
    if root_cause_id not in state.roots:
        raise RootCauseUnknown(root_cause_id=str(root_cause_id))
    shares = state.shares.get(root_cause_id)
    if shares is None:
        raise NotProposed
    return shares


def _not_of_them(borne: Sequence[Share], shares: Shares, by: str, speaks_for: frozenset[Party]) -> None:
    """Raises ConfirmerBears. Who once answered for a party is of it, whatever the token of today says."""
    own = bearing(borne, speaks_for | shares.answered_by(by))
    if own is not None:
        raise ConfirmerBears(party=str(own))


def _speaks_for(party: Party, shares: Shares, speaks_for: frozenset[Party]) -> None:
    """In this order: nobody learns from a refusal whether another party bears a share (rule 13)."""
    if party not in speaks_for:
        raise NotYourShare(party=str(party))
    if party not in shares.parties:
        raise PartyBearsNothing(party=str(party))


def _hearing_ahead(hear_by: datetime, now: datetime) -> None:
    if hear_by <= now:
        raise HearingInPast(hear_by=hear_by)


def _names(parties: Iterable[Party]) -> tuple[str, ...]:
    return tuple(map(str, parties))
