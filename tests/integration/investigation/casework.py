"""Working on a case over HTTP, as the roles of a company do."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import httpx

from deploy.demo.exports import Export, mapping_document
from deploy.demo.factory import SMALL, truth, write
from shared.contracts.capa.capa import ActionPlanned, CapaOpened, CauseAddressed
from shared.contracts.intake.complaint import ComplaintHandedOver, ComplaintItem
from shared.kernel.ids import new_id
from tests.integration.app import RunningApp
from tests.integration.said import said
from tests.integration.speaking import API, ask, key, look

BAD_LOT, GOOD_LOT, BAD_INPUT = "FG-0000009", "FG-0000001", "SIL-00002"
PRODUCT, SUPPLIER = "PC-5", "SYN-S02"
PARTIES = {"supplier": SUPPLIER, "quality": "quality", "purchasing": "purchasing_manager"}
KINDS = {SUPPLIER: "supplier", "quality": "department", "purchasing_manager": "post"}
PLAN = replace(SMALL, lots=60)
BAD_LOTS = sorted(truth(PLAN).bad)
"""They passed the final inspection: customers found them."""


async def load_factory(app: RunningApp, folder: Path) -> None:
    engineer = app.client("quality_engineer")
    for export in write(PLAN, folder):
        await publish(engineer, export)
        done = await upload(engineer, export.mapping, export.path.read_bytes())
        assert (done["errors"], done["rows"]) == ([], export.rows), export.kind


async def publish(engineer: httpx.AsyncClient, export: Export) -> None:
    body = {"document": mapping_document(export.mapping), "reason": "test"}
    answer = await engineer.put(f"{API}/mappings", json=body)
    assert answer.status_code == 200, answer.text


async def upload(engineer: httpx.AsyncClient, mapping: str, content: bytes) -> dict[str, Any]:
    answer = await engineer.post(
        f"{API}/trace/import", data={"mapping": mapping}, files={"file": ("f.csv", content)}, headers=key()
    )
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told | {"at": answer.headers.get("suyuan-position")}


def made_on(folder: Path, lot: str) -> str:
    """The day of the lot's production order, as the factory's export has it (in the plant's zone)."""
    rows = csv.DictReader(io.StringIO((folder / "production_order.csv").read_text(encoding="utf-8")))
    return next(row["finished_at"][:10] for row in rows if row["batch_no"] == lot)


def corrected(folder: Path, kind: str, where: Mapping[str, str], change: Mapping[str, str]) -> bytes:
    """The first such row of the factory's export of that kind, typed anew: a file of its own."""
    rows = csv.DictReader(io.StringIO((folder / f"{kind}.csv").read_text(encoding="utf-8")))
    row = next(one for one in rows if where.items() <= one.items())
    out = io.StringIO()
    writer = csv.DictWriter(out, row)
    writer.writeheader()
    writer.writerow(row | change)
    return out.getvalue().encode()


@dataclass
class Case:
    """One investigation, opened by a hand-over; `complaint` is its claim about the bad lot."""

    app: RunningApp
    id: UUID
    complaint: UUID

    @property
    def path(self) -> str:
        return f"/investigations/{self.id}"

    @property
    def engineer(self) -> httpx.AsyncClient:
        return self.app.client("quality_engineer", subject="engineer-1")

    def party(self, role: str, code: str, kind: str | None = None) -> httpx.AsyncClient:
        """Somebody who speaks for that party; `kind` is the code's own in this case's shares unless named."""
        party = f"{kind or KINDS.get(code, role.removesuffix('_lead'))}:{code}"
        return self.app.client(role, subject=f"of-{party}", parties=[party])

    async def view(self, after: str | None = None) -> dict[str, Any]:
        return await look(self.engineer, self.path, after)

    async def evidence(self, lot: str = BAD_LOT) -> list[dict[str, Any]]:
        """An inspection record of the lot itself."""
        trace = await look(self.engineer, f"/trace/lots/{lot}/backward", max_levels=1)
        cited = trace["inspections"][lot][0]["evidence"]
        return [{name: cited[name] for name in ("kind", "sha256", "batch", "row")}]

    async def why(self, leg: str, follows: str | None = None) -> str:
        body = {"leg": leg, "question": "为什么？ · why?"} | ({"follows": follows} if follows else {})
        return str((await ask(self.engineer, f"{self.path}/whys", body))["id"])

    async def answer(self, why: str, level: str, boundary: str, words: str = "因为 · because") -> None:
        body = {"answer": words, "level": level, "boundary": boundary, "evidence": await self.evidence()}
        await ask(self.engineer, f"{self.path}/whys/{why}/answer", body)

    async def confirm(self, why: str, leg: str = "occurrence", expect: int = 201) -> dict[str, Any]:
        body = {
            "statement": "来料批次不良 · bad input lot",
            "leg": leg,
            "category": "material",
            "node": "incoming_inspection",
            "last_why": why,
            "products": [PRODUCT],
            "lots": [BAD_LOT],
            "defect_codes": ["LEAK"],
        }
        return await ask(self.engineer, f"{self.path}/root-causes", body, expect)

    async def with_root(self) -> str:
        """A cause at the supplier: the chain may end at that boundary."""
        why = await self.why("occurrence")
        await self.answer(why, "technical", "supplier")
        return str((await self.confirm(why))["id"])

    async def with_shares(self, supplier: str = SUPPLIER) -> str:
        root = await self.with_root()
        body = {"root_cause_id": root, "parties": {"supplier": supplier}}
        await ask(self.engineer, f"{self.path}/responsibility", body)
        return root

    async def accept(self, root: str, code: str) -> None:
        role = "supplier" if code == SUPPLIER else "department_lead"
        body = {"root_cause_id": root, "party": {"kind": KINDS[code], "code": code}}
        await ask(self.party(role, code), f"{self.path}/accept-share", body)

    async def with_actions(self, root: str) -> int:
        """What capa says of it; the position of its log."""
        capa = new_id()
        return await said(
            self.app.elsewhere["capa"],
            "t1",
            "capa",
            capa,
            CapaOpened(capa_id=capa, capa_no="CA2026-0001", title="t", investigation_id=self.id),
            CauseAddressed(
                capa_id=capa,
                investigation_id=self.id,
                root_cause_id=UUID(root),
                statement="s",
                leg="occurrence",
                node="incoming_inspection",
                products=(PRODUCT,),
                defect_codes=("LEAK",),
            ),
            ActionPlanned(
                capa_id=capa,
                action_no=1,
                planned_by="p",
                kind="supplier_corrective",
                title=f"{SUPPLIER} 加严控制 · tighter control",
                owner="o",
                department="quality",
                due_date=date(2030, 1, 5),
                criterion="c",
                root_cause_id=UUID(root),
            ),
        )


def handed(
    complaint: UUID, investigation: UUID, lot: str | None, account: str = "D-07", mode: Literal["open", "join"] = "open"
) -> ComplaintHandedOver:
    moment = datetime(2026, 1, 5, 8, tzinfo=UTC)
    item = ComplaintItem(item_no=1, product=PRODUCT, lot=lot, quantity_affected=Decimal(2), defect_codes=("LEAK",))
    return ComplaintHandedOver(
        complaint_id=complaint,
        complaint_no=f"Q2026-{complaint.int % 10**6:06d}",
        investigation_id=investigation,
        mode=mode,
        items=(item,),
        received_at=moment,
        aware_at=moment,
        severity="major",
        scope="lot",
        harm="none",
        account=account,
    )


async def opened(app: RunningApp, lot: str = BAD_LOT, account: str = "D-07") -> Case:
    case = Case(app, new_id(), new_id())
    event = handed(case.complaint, case.id, lot, account)
    position = await said(app.elsewhere["intake"], "t1", "complaint", case.complaint, event)
    await case.view(f"intake:{position}")
    return case
