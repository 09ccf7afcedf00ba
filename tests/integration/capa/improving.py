"""Working on a CAPA over HTTP: the people of a company, and what the other services say to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from shared.kernel.ids import new_id
from tests.integration.app import RunningApp
from tests.integration.said import said
from tests.integration.speaking import ask, look
from tests.unit.capa import logs

DAY = timedelta(days=1)
NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
"""Noon in Shanghai, the plant's zone."""
TODAY = date(2026, 7, 1)
CUT_IN, LAST_DAY = date(2026, 6, 1), date(2026, 6, 30)


@dataclass
class Improvement:
    """One CAPA. Planner, owner, approver and verifier are four people; the product is its own, so counts are too."""

    app: RunningApp
    id: str
    root: UUID
    investigation: UUID
    product: str
    heard: str | None = None
    """Where the last thing was said that capa reacts to: `investigation:<position>`."""

    @property
    def path(self) -> str:
        return f"/capas/{self.id}"

    def person(self, subject: str, role: str = "quality_engineer", **more: Any) -> httpx.AsyncClient:
        return self.app.client(role, subject=subject, **more)

    @property
    def planner(self) -> httpx.AsyncClient:
        return self.person("planner")

    @property
    def owner(self) -> httpx.AsyncClient:
        return self.person("owner", "department_lead")

    @property
    def verifier(self) -> httpx.AsyncClient:
        return self.person("verifier")

    @property
    def manager(self) -> httpx.AsyncClient:
        return self.person("manager", "quality_manager")

    async def view(self, after: str | None = None, **query: Any) -> dict[str, Any]:
        return await look(self.planner, self.path, after, **query)

    def plan_body(self, **changes: Any) -> dict[str, Any]:
        body = {
            "kind": "corrective",
            "title": "保压时间加入互锁",
            "owner": "owner",
            "department": "production",
            "due_date": (TODAY + 30 * DAY).isoformat(),
            "criterion": "连续 5 批保压时间在 12 ± 1 s",
            "root_cause_id": str(self.root),
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def check_body(self, **changes: Any) -> dict[str, Any]:
        body = {
            "baseline_ppm": "800",
            "target_ppm": "50",
            "made_from": CUT_IN.isoformat(),
            "made_to": LAST_DAY.isoformat(),
            "minimum_units": 10_000,
            "products": [self.product],
            "defect_codes": ["D-7"],
        }
        return body | changes

    async def planned(self, **changes: Any) -> str:
        """Where the new action is."""
        told = await ask(self.planner, f"{self.path}/actions", self.plan_body(**changes), 201)
        return f"{self.path}/actions/{told['action_no']}"

    async def started(self, **changes: Any) -> str:
        action = await self.planned(**changes)
        await ask(self.manager, f"{action}/approve")
        await ask(self.owner, f"{action}/start")
        return action

    async def completed(self, **changes: Any) -> str:
        action = await self.started(**changes)
        await ask(self.owner, f"{action}/complete", completion())
        return action

    async def verified(self, **changes: Any) -> str:
        action = await self.completed(**changes)
        await ask(self.verifier, f"{action}/verify", {"met_criterion": True, "note": "5 批均合格"})
        return action

    async def measured(self, bad: int = 0, units: int = 40_000, **check: Any) -> dict[str, Any]:
        """Planned and measured after `units` were made in the window, `bad` of them confirmed bad."""
        await self.made((CUT_IN, units))
        if bad:
            await self.complained(bad)
        await ask(self.planner, f"{self.path}/effectiveness", self.check_body(**check))
        await ask(self.planner, f"{self.path}/effectiveness/measure")
        measurements: list[dict[str, Any]] = (await self.view())["measurements"]
        return measurements[-1]

    async def made(self, *days: tuple[date, int]) -> None:
        """Production that the investigation's log tells of, waited for."""
        events = logs.volumes(*days, product=self.product)
        position = await said(self.app.elsewhere["investigation"], "t1", "facts", new_id(), events)
        await self._heard(investigation=position)

    async def complained(self, quantity: int, day: date | None = CUT_IN, received: datetime = NOON) -> None:
        """A complaint about that many units made on that day, verified as it says."""
        complaint = new_id()
        item = logs.item(product=self.product, quantity_affected=Decimal(quantity), production_date=day)
        registered = replace(logs.registered(item, complaint_id=complaint), received_at=received)
        one = await said(self.app.elsewhere["intake"], "t1", "complaint", complaint, registered)
        found = replace(logs.verified(quantity=quantity, complaint_id=complaint), product=self.product)
        two = await said(self.app.elsewhere["investigation"], "t1", "investigation", new_id(), found)
        await self._heard(intake=one, investigation=two)
        self.heard = f"investigation:{two}"

    async def _heard(self, **positions: int) -> None:
        views = self.app.runtimes["capa"].views
        await views.caught_up("t1", positions, ["units_made", "bad_items", "captured_batches"], 5.0)

    async def ready_to_close(self) -> None:
        await self.verified()
        await self.searched_and_reviewed()
        await self.measured()
        await ask(self.manager, f"{self.path}/effectiveness/confirm", {"note": "窗口内 0 ppm"})
        await ask(self.planner, f"{self.path}/lessons", {"lesson": "保压时间需要互锁", "keywords": ["互锁"]})

    async def searched_and_reviewed(self) -> None:
        search = {"searched": "全部压机", "found": ["op-30"], "conclusion": "op-30 同样风险"}
        await ask(self.planner, f"{self.path}/similarity", search)
        await ask(self.planner, f"{self.path}/control-plan", {"updated": True, "documents": ["PFMEA-20 rev 4"]})


def completion(**changes: Any) -> dict[str, Any]:
    cut_in = {"kind": "lot", "value": "L-0815", "made_from": CUT_IN.isoformat()}
    return {"completed_on": TODAY.isoformat(), "cut_in": cut_in, "note": "程序 v3 已上线"} | changes


def review_of(case: Improvement, told: dict[str, Any]) -> str:
    """Where the suspected recurrence of a view is reviewed."""
    return f"{case.path}/recurrences/{told['complaint_id']}/{told['item_no']}/review"


async def improvement(app: RunningApp, tenant: str = "t1") -> Improvement:
    """What a confirmed root cause opens."""
    root, investigation = new_id(), new_id()
    product = f"P-{root.hex[-8:]}"
    event = replace(logs.cause_confirmed(root), investigation_id=investigation, products=(product,))
    position = await said(app.elsewhere["investigation"], tenant, "investigation", investigation, event)
    reader = app.client("auditor", tenant=tenant)
    listed = await look(reader, "/capas", f"investigation:{position}", investigation_id=str(investigation))
    [row] = listed["items"]
    return Improvement(app, row["id"], root, investigation, product)
