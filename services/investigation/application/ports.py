"""What the investigation's application needs from outside, beyond the kernel's ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from services.investigation.domain.facts.record import FactId, FactRecord
from services.investigation.domain.flow.default import Flow
from services.investigation.domain.reference.published import PublishedRules
from services.investigation.domain.report.sources import Improvement
from shared.contracts.evidence import EvidenceRef


class Facts(Protocol):
    """Captured facts of MES, WMS and SRM."""

    async def position(self, tenant: str) -> int:
        """The log position of the last anchored batch (0: none): facts are seen up to here."""
        ...

    async def current(
        self, tenant: str, kinds: Sequence[str], until: int | None = None, **where: Sequence[str]
    ) -> Sequence[FactRecord]:
        """The current facts of these kinds whose column (lot, input_lot, equipment, operator …) is among the values.

        `lot` of a genealogy fact is its output lot. `until`: as known at that log position.
        """
        ...

    async def corrections(self, tenant: str, facts: Collection[FactId]) -> Mapping[FactId, EvidenceRef]:
        """Which of these facts have been superseded, each with what took its place."""
        ...

    async def records(self, tenant: str, facts: Collection[FactId]) -> Mapping[FactId, FactRecord]:
        """Each of these facts, current or not; absent where there is no such fact."""
        ...

    async def knows_lot(self, tenant: str, lot: str, until: int) -> bool:
        """Whether any fact known at that log position, corrected since or not, is of this lot or says it went in."""
        ...


class References(Protocol):
    """What the tenant published; the built-in defaults where it published nothing."""

    async def flow(self, tenant: str, product: str | None) -> Flow:
        """The newest flow of the product, else the newest of the tenant, else the default."""
        ...

    async def flow_version(self, tenant: str, flow: str, version: int) -> Flow:
        """That very version. Raises NotFound."""
        ...

    async def rules(self, tenant: str) -> PublishedRules: ...


class RuleTable(Protocol):
    """Evaluates a decision table (JDM) of hit policy *collect*: the outputs of every row that matches, in row order."""

    def rows(self, document: str, inputs: Mapping[str, str]) -> Sequence[Mapping[str, object]]: ...

    def check(self, document: str) -> tuple[Collection[str], Sequence[tuple[str, Mapping[str, object]]]]:
        """The inputs that it asks for, and each row (id, outputs). Raises Invalid for one that doesn't compile."""
        ...


class CitedEvidence(Protocol):
    async def investigations(self, tenant: str, facts: Collection[FactId], not_before: int) -> Sequence[UUID]:
        """Which investigations cite one of these facts, as known at or after that log position (waits for it)."""
        ...


class CapaActions(Protocol):
    """What every CAPA that answers an investigation's causes does about them, and whether it worked."""

    async def now(self, tenant: str, investigation_id: UUID) -> tuple[Improvement, int]:
        """And the position of capa's log that it is as of."""
        ...

    async def at(self, tenant: str, investigation_id: UUID, until: int) -> Improvement:
        """As of that position of capa's log. It costs a reading of the log up to there."""
        ...


class Names(Protocol):
    async def confidential(self, tenant: str, own_account: str | None, until: int) -> frozenset[str]:
        """Names and codes of all suppliers, carriers and customers known from facts, but for this customer's own.

        `until`: as known at that log position.
        """
        ...


Render = Callable[[Mapping[str, Any], str], bytes]
"""(content of a report, language) → its printable page; the same bytes for the same content, for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that handlers look up before they decide."""

    facts: Facts
    references: References
    table: RuleTable
    actions: CapaActions
    names: Names
