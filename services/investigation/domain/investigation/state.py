"""What the next decision on an investigation asks, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.investigation.domain.flow.ledger import Ledger
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.investigation.cause import RootCauseConfirmed, WhyAnswered, WhyAsked
from shared.contracts.investigation.investigation import ComplaintJoined
from shared.contracts.investigation.responsibility import Share
from shared.contracts.party import Party
from shared.contracts.words import InvestigationOutcome, Verification
from shared.kernel.errors import NotFound

PartyAnswer = Literal["accepted", "contested", "upheld"]
Stage = Literal["objection", "appeal"]
UNHEARABLE = frozenset({"none", "customer_use"})
"""Kinds of parties that nobody in the house or beyond speaks for: they aren't heard and can't be silent."""


@dataclass(frozen=True, slots=True)
class Why:
    asked: WhyAsked
    answered: WhyAnswered | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """The responsibility for one root cause as it stands: the newest proposal and how each party answered it.

    `decided` remembers (party, stage) already ruled on in this proposal: nobody contests the same thing twice.
    `answerers` are who ever spoke for a party (party, opaque id): they belong to it in whatever role they come later.
    """

    proposal_no: int
    proposers: frozenset[str]
    shares: tuple[Share, ...]
    hear_by: datetime
    answers: Mapping[Party, PartyAnswer] = field(default_factory=dict)
    decided: frozenset[tuple[Party, Stage]] = frozenset()
    answerers: frozenset[tuple[Party, str]] = frozenset()
    confirmed: bool = False
    ever_confirmed: bool = False

    @property
    def parties(self) -> tuple[Party, ...]:
        return tuple(dict.fromkeys(share.party for share in self.shares))

    def answered_by(self, who: str) -> frozenset[Party]:
        """The parties for which this person has spoken."""
        return frozenset(party for party, subject in self.answerers if subject == who)

    @property
    def contested(self) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if self.answers.get(party) == "contested")

    @property
    def unheard(self) -> tuple[Party, ...]:
        return tuple(p for p in self.parties if p not in self.answers and p.kind not in UNHEARABLE)

    @property
    def stage(self) -> Stage:
        return "appeal" if self.ever_confirmed else "objection"


@dataclass(frozen=True, slots=True)
class Investigation:
    """`complaints` are those joined now. `roots` are confirmed and not withdrawn."""

    id: UUID | None = None
    flow: str = ""
    flow_version: int = 0
    concluded: InvestigationOutcome | None = None
    complaints: Mapping[UUID, ComplaintJoined] = field(default_factory=dict)
    verified: Mapping[tuple[UUID, int], Verification] = field(default_factory=dict)
    team: frozenset[tuple[str, str]] = frozenset()
    nodes: Ledger = field(default_factory=dict)
    whys: Mapping[UUID, Why] = field(default_factory=dict)
    causes: Mapping[UUID, bool] = field(default_factory=dict)
    roots: Mapping[UUID, RootCauseConfirmed] = field(default_factory=dict)
    withdrawn: frozenset[UUID] = frozenset()
    without_capa: frozenset[UUID] = frozenset()
    shares: Mapping[UUID, Shares] = field(default_factory=dict)
    reports: frozenset[UUID] = frozenset()

    @property
    def known(self) -> UUID:
        """Its id. Raises NotFound where the stream holds nothing yet."""
        if self.id is None:
            raise NotFound(what="investigation", id="")
        return self.id

    def item(self, complaint_id: UUID, item_no: int) -> ComplaintItem | None:
        joined = self.complaints.get(complaint_id)
        return next((i for i in joined.items if i.item_no == item_no), None) if joined else None
