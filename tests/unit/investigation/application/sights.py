"""What handlers look up, given by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID

import zen

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.ports import Sight
from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.domain.report.sources import Improvement
from services.investigation.readmodels.default_rules import default_rules
from shared.kernel.memory import MemoryNumbers, MemoryStore, OpenVault
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor
from tests.unit.investigation.case import states as s


class HandFacts:
    """Facts in a list; a correction is written over its row by `correct`."""

    def __init__(self, *records: FactRecord) -> None:
        self.records = list(records)
        self.corrected: dict[Any, Any] = {}

    async def position(self, tenant: str) -> int:
        return max((one.position for one in self.records if one.tenant == tenant), default=0)

    async def current(
        self, tenant: str, kinds: Sequence[str], until: int | None = None, **where: Sequence[str]
    ) -> list[FactRecord]:
        def column(record: FactRecord, name: str) -> str | None:
            return record.text((KINDS[record.kind].lot or "lot") if name == "lot" else name)

        return [
            one
            for one in self.records
            if one.tenant == tenant
            and one.kind in kinds
            and (until is None or one.position <= until)
            and all(column(one, name) in values for name, values in where.items())
        ]

    async def knows_lot(self, tenant: str, lot: str, until: int) -> bool:
        seen = [one for one in self.records if one.tenant == tenant and one.position <= until]
        return any(lot in (one.text(KINDS[one.kind].lot or "lot"), one.text("input_lot")) for one in seen)

    async def corrections(self, tenant: str, facts: Any) -> dict[Any, Any]:
        del tenant
        return {one: self.corrected[one] for one in facts if one in self.corrected}


class DefaultReferences:
    async def flow(self, tenant: str, product: str | None) -> Any:
        del tenant, product
        return DEFAULT_FLOW

    async def flow_version(self, tenant: str, flow: str, version: int) -> Any:
        del tenant
        assert (flow, version) == ("default", 0)
        return DEFAULT_FLOW

    async def rules(self, tenant: str) -> Any:
        del tenant
        return default_rules()


class ZenTable:
    def rows(self, document: str, inputs: Any) -> Any:
        return zen.ZenEngine().create_decision(document).evaluate(dict(inputs))["result"]

    def check(self, document: str) -> None:
        zen.ZenEngine().create_decision(document)


class GivenActions:
    def __init__(self, *actions: Any) -> None:
        self.actions = actions

    async def now(self, tenant: str, investigation_id: UUID) -> Any:
        del tenant, investigation_id
        return Improvement(actions=self.actions), len(self.actions)

    async def at(self, tenant: str, investigation_id: UUID, until: int) -> Any:
        del tenant, investigation_id
        return Improvement(actions=self.actions[:until])


class GivenNames:
    async def confidential(self, tenant: str, own_account: str | None, until: int) -> frozenset[str]:
        del tenant, until
        return frozenset({"恒达塑料", "C-100", "C-200"} - {own_account})


class Given:
    """Handlers over a store in memory."""

    def __init__(self, *records: FactRecord, actions: Sequence[Any] = ()) -> None:
        self.facts = HandFacts(*records)
        self.store = MemoryStore("investigation", clock=lambda: s.NOW)
        self.numbers = MemoryNumbers()
        self.sight = Sight(
            facts=self.facts,
            references=DefaultReferences(),
            table=ZenTable(),
            actions=GivenActions(*actions),
            names=GivenNames(),
        )
        self.handlers = InvestigationHandlers(self.store, OpenVault(), self.numbers, self.sight, UTC)
        self._calls = 0

    def context(self, **changes: Any) -> Context:
        self._calls += 1
        base = Context(
            tenant="t1",
            actor=Actor(subject="qe"),
            now=s.NOW,
            key=Key(scope="test", key=str(self._calls), fingerprint=b"x"),
            command_id=UUID(int=1000 + self._calls),
            correlation_id=UUID(int=9),
        )
        return replace(base, **changes)

    async def events(self) -> list[str]:
        return [one.meta.type.partition(".")[2] for one in await self.store.read("t1", 0, 100)]
