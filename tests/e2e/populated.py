"""One tenant's things, one of every kind that a path can name, all made over HTTP; and how each create was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.demo.exports import mapping_document
from shared.contracts.catalogue import SERVICES
from shared.kernel.ids import new_id
from tests.e2e.target import NAMED, Target
from tests.e2e.test_embedded import FORM, PICTURE

TENANT = f"t{new_id().hex[-12:]}" if NAMED else "t1"
"""One of its own in a system that goes on afterwards."""
CALM_SECONDS = 20.0
LISTS = ("complaints", "investigations", "capas", "actions", "kpis")
STOCK = (
    "BATCH,LOCATION,ITEM,QTY,UOM,STATUS,NODE,COUNTED\n"
    "FG-0042,L1,PC-5,10,EA,RELEASED,finished_goods_storage,2026-01-05 08:00\n"
    "FG-0043,L1,PC-5,ten,EA,RELEASED,finished_goods_storage,2026-01-05 08:00\n"
)


@dataclass(frozen=True)
class Asked:
    """A create that was answered: `sent` is what httpx was given."""

    path: str
    headers: dict[str, str]
    sent: dict[str, Any]
    answer: httpx.Response


@dataclass
class Populated:
    """`ids`: one existing id for each path parameter. `creates`: path template → how one was made."""

    app: Target
    tenant: str = TENANT
    ids: dict[str, str] = field(default_factory=dict)
    creates: dict[str, Asked] = field(default_factory=dict)

    async def create(self, template: str, **sent: Any) -> dict[str, Any]:
        path, headers = template.format_map(self.ids), {"Idempotency-Key": str(new_id())}
        answer = await self.app.client("admin", TENANT).post(path, headers=headers, **sent)
        assert answer.status_code == 201, f"{path}: {answer.text}"
        self.creates[template] = Asked(path, headers, sent, answer)
        said: dict[str, Any] = answer.json()
        return said

    async def write(self, path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
        answer = await self.app.client("admin", TENANT).request(method, path.format_map(self.ids), json=body)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        said: dict[str, Any] = answer.json()
        return said

    async def read(self, path: str, **query: Any) -> Any:
        answer = await self.app.client("admin", TENANT).get(path.format_map(self.ids), params=query)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    async def heads(self) -> dict[str, int]:
        """How far this tenant's log has come in each service."""
        auditor = self.app.client("auditor", self.tenant)
        answers = {service: await auditor.get(f"/api/v1/{service}/audit/head") for service in SERVICES}
        return {service: answer.json()["position"] for service, answer in answers.items()}

    async def calm(self) -> dict[str, int]:
        """The heads, once every view and reaction has come to them."""
        async with asyncio.timeout(CALM_SECONDS):
            before: dict[str, int] = {}
            while (now := await self.heads()) != before or not await self._has_heard(now):
                before = now
                await asyncio.sleep(0.2)
        return now

    async def _has_heard(self, heads: Mapping[str, int]) -> bool:
        """Whether each service's list answers as of these heads, and so what it did about them is done."""
        after = {"Suyuan-After": ",".join(f"{service}:{position}" for service, position in heads.items())}
        admin = self.app.client("admin", self.tenant)
        answers = [await admin.get(f"/api/v1/{path}", headers=after) for path in LISTS]
        return all(answer.status_code == 200 for answer in answers)


async def populate(app: Target) -> Populated:
    """A complaint, its investigation with an answered why and a root cause, and the CAPA that follows."""
    one = Populated(app)
    await _complain(one)
    await _load_facts(one)
    await _investigate(one)
    await _act(one)
    await one.calm()
    return one


async def _complain(one: Populated) -> None:
    made = await one.create("/api/v1/complaints", json=FORM)
    one.ids |= {"complaint_id": made["id"], "subject_id": made["subject_id"]}
    added = await one.create("/api/v1/complaints/{complaint_id}/attachments", files={"file": ("a.png", PICTURE)})
    one.ids["attachment_id"] = added["id"]


async def _load_facts(one: Populated) -> None:
    await one.write("/api/v1/mappings", {"document": mapping_document("syn-stock"), "reason": "test"}, "PUT")
    file = {"file": ("stock.csv", STOCK.encode(), "text/csv")}
    done = await one.create("/api/v1/trace/import", data={"mapping": "syn-stock"}, files=file)
    one.ids |= {"lot": "FG-0042", "batch_id": done["batch_id"], "row": "0"}


async def _investigate(one: Populated) -> None:
    made = await one.create("/api/v1/investigations", json={})
    one.ids["investigation_id"] = made["id"]
    await one.write("/api/v1/complaints/{complaint_id}/acknowledge")
    await one.write("/api/v1/complaints/{complaint_id}/triage", {})
    await one.write("/api/v1/complaints/{complaint_id}/hand-over", {"investigation_id": made["id"]})
    await one.calm()
    case = "/api/v1/investigations/{investigation_id}"
    await one.create(f"{case}/whys", json={"leg": "occurrence", "question": "为何漏气？"})
    one.ids["why_id"] = (await one.read(case))["whys"][0]["asked"]["why_id"]
    [event] = await _audited(one, "intake", limit=1)
    evidence = [{"kind": "event", "service": "intake", "position": event["position"], "sha256": event["hash"]}]
    answer = {"answer": "来料不良", "level": "technical", "boundary": "supplier", "evidence": evidence}
    await one.write(f"{case}/whys/{{why_id}}/answer", answer)
    cause = {"statement": "来料不良", "category": "material", "leg": "occurrence", "node": "incoming_inspection"}
    await one.create(f"{case}/causes", json=cause)
    one.ids["cause_id"] = (await one.read(case))["causes"][0]["cause_id"]
    root = cause | {"last_why": one.ids["why_id"], "products": ["PC-5"]}
    await one.create(f"{case}/root-causes", json=root)
    one.ids["root_cause_id"] = (await one.read(case))["root_causes"][0]["root_cause_id"]
    report = {"stage": "preliminary", "edition": "internal", "language": "zh-CN"}
    await one.create(f"{case}/reports", json=report)


async def _act(one: Populated) -> None:
    await one.calm()
    one.ids["capa_id"] = (await one.read("/api/v1/capas"))["items"][0]["id"]
    action = {
        "kind": "preventive",
        "title": "来料加严检验",
        "owner": "u-1",
        "department": "quality",
        "due_date": "2036-01-05",
        "criterion": "零漏检",
        "risk": "同类来料再次不良",
    }
    await one.create("/api/v1/capas/{capa_id}/actions", json=action)
    one.ids |= {"action_no": "1", "item_no": "1"}


async def _audited(one: Populated, service: str, **query: Any) -> list[dict[str, Any]]:
    answer = await one.app.client("auditor", TENANT).get(f"/api/v1/{service}/audit/events", params=query)
    return [json.loads(line) for line in answer.text.splitlines()]
