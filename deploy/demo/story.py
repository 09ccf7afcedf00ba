"""One cause, two customers, five steps: the story walked over HTTP by people of the right roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from deploy.demo.cast import Cast
from deploy.demo.exports import mapping_document
from deploy.demo.narrator import Narrator
from deploy.demo.world import World
from shared.contracts.words import label

SERVICES = ("intake", "investigation", "capa", "analytics")


@dataclass(slots=True)
class Told:
    """What came of the story, chapter by chapter."""

    complaints: list[dict[str, Any]] = field(default_factory=list)
    investigation: str = ""
    suspects: list[list[str]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    root_causes: list[str] = field(default_factory=list)
    responsibility: dict[str, str] = field(default_factory=dict)
    capa: str = ""
    status: str = ""
    events: int = 0
    verified: bool = False


class Story:
    def __init__(self, world: World, cast: Cast, narrator: Narrator) -> None:
        self.world = world
        self.cast = cast
        self.narrator = narrator
        self.told = Told()

    @property
    def one(self) -> str:
        return f"/investigations/{self.told.investigation}"

    # step 1: standard record

    def load_facts(self) -> None:
        self.narrator.chapter("数据：MES、WMS、SRM", "Facts: MES, WMS, SRM")
        for export in self.world.exports:
            document = mapping_document(export.mapping)
            self.cast.engineer.put("/mappings", {"document": document, "reason": "demo"})
            with self.narrator.waiting(f"导入 {export.path.name}", f"importing {export.path.name}"):
                done = self.cast.engineer.upload("/trace/import", export.path, mapping=document["mapping"])
            self.narrator.step(
                f"{export.path.name} · {export.mapping}：{done['rows']} 行，批次哈希 {done['sha256'][:12]}…",
                f"{export.path.name} · {export.mapping}: {done['rows']} rows, batch hash {done['sha256'][:12]}…",
            )

    def register(self) -> None:
        self.narrator.chapter("第一步：标准化登记", "Step 1: standard record")
        for claimant in self.world.claimants:
            made = self.cast.agent.post(
                "/complaints",
                {
                    "channel": "phone",
                    "customer": {
                        "name": claimant.name,
                        "phone": claimant.phone,
                        "account": claimant.account,
                        **({"region": claimant.region} if claimant.region else {}),
                    },
                    "description": claimant.words,
                    "items": [
                        {
                            "product": claimant.product,
                            "lot": claimant.lot,
                            "quantity_affected": "3",
                            "production_date": claimant.made_on.isoformat(),
                            "defect_codes": [self.world.defect],
                        }
                    ],
                    "desired_resolution": "replace",
                },
            )
            self.told.complaints.append(made)
            self.cast.agent.post(f"/complaints/{made['id']}/acknowledge")
            self.cast.agent.post(f"/complaints/{made['id']}/triage", {})
            triage = self.cast.agent.get(f"/complaints/{made['id']}")["triage"]
            severity = label(triage["answer"]["severity"], "zh" if self.narrator.zh else "en")
            number, row = made["complaint_no"], triage["matched_row"]
            self.narrator.step(
                f"{number}：{claimant.account} 的批次 {claimant.lot}，{severity}（规则行 {row}）",
                f"{number}: lot {claimant.lot} of {claimant.account}, {severity} (row {row})",
            )
        first, second = self.told.complaints
        handed = self.cast.agent.post(f"/complaints/{first['id']}/hand-over", {})
        self.told.investigation = handed["investigation_id"]
        self.cast.engineer.get(self.one)
        body = {"investigation_id": self.told.investigation}
        self.cast.agent.post(f"/complaints/{second['id']}/hand-over", body)
        joined = self.cast.engineer.get(self.one)
        self.narrator.step(
            f"两件投诉并入同一调查 {joined['investigation_no']}",
            f"both joined one investigation {joined['investigation_no']}",
        )

    # step 2: cross-validation of data

    def cross_check(self) -> None:
        self.narrator.chapter("第二步：数据交叉验证", "Step 2: cross-validation of data")
        engineer = self.cast.engineer
        engineer.post(
            f"{self.one}/problem",
            {"statement": f"{self.world.defect}: {', '.join(c.lot for c in self.world.claimants)}"},
        )
        engineer.post(f"{self.one}/team", {"subject": "engineer-zhou", "role": "leader"})
        for made, claimant in zip(self.told.complaints, self.world.claimants, strict=True):
            engineer.post(f"{self.one}/cross-check", {"complaint_id": made["id"], "item_no": 1})
            evidence = self.inspection(claimant.lot)
            engineer.post(
                f"{self.one}/verify",
                {
                    "complaint_id": made["id"],
                    "item_no": 1,
                    "outcome": "confirmed",
                    "quantity": "3",
                    "defect_codes": [self.world.defect],
                    "evidence": [evidence],
                    "note": "复检与记录一致 · retest agrees with the record",
                },
            )
        language = "zh" if self.narrator.zh else "en"
        checks = engineer.get(self.one)["cross_checks"][0]["checks"]
        self.narrator.table(
            self.narrator.say("主张与记录", "Claim against record"),
            self.narrator.say("检查 系统 主张 记录 结论", "check system claimed recorded answer").split(),
            [
                (c["check"], c["system"], _minute(c["claimed"]), _minute(c["recorded"]), label(c["answer"], language))
                for c in checks
            ],
        )

    # step 3: backtracking through the process nodes

    def backtrack(self) -> None:
        self.narrator.chapter("第三步：流程节点回溯与源头定位", "Step 3: process nodes and localisation")
        engineer, lot = self.cast.engineer, self.world.claimants[0].lot
        trace = engineer.get(f"/trace/lots/{lot}/backward")
        self.narrator.step(
            f"{lot} 向上追溯：{len(trace['levels']) - 1} 个投入批次",
            f"{lot} backward: {len(trace['levels']) - 1} input lots",
        )
        flow = engineer.get(f"{self.one}/flow")
        for node in flow["nodes"]:
            engineer.post(f"{self.one}/examine-node", {"node": node["node"]["node"], "lot": lot})
        self.show_map()

    def localise(self) -> None:
        asked = {"bad_lots": list(self.world.bad_lots)}
        engineer = self.cast.engineer
        plain = engineer.post("/trace/localise", asked | {"stratified": False, "with_period": False})
        strata = engineer.post("/trace/localise", asked | {"with_period": False})
        engineer.post(f"{self.one}/localise", asked)
        ranked = engineer.get(self.one)["suspects"]
        self.show_groups("按产品分层，不含月份", "stratified by product, without the month", strata)
        self.show_groups("按产品分层，含月份（记录在案）", "stratified by product, with the month (recorded)", ranked)
        self.narrator.step(
            f"不按产品分层时会指认 {_significant(plain)} 组，分层后 {_significant(strata)} 组",
            f"not stratified {_significant(plain)} groups would stand accused, stratified {_significant(strata)}",
        )
        self.narrator.panel(ranked["sentence_zh" if self.narrator.zh else "sentence_en"])
        best = strata if _significant(strata) else ranked
        significant = [g for g in best["groups"] if g["verdict"] != "not_significant"]
        self.told.suspects = [[f"{m['attribute']}={m['level']}" for m in g["members"]] for g in significant]
        self.told.verdicts = [g["verdict"] for g in significant]

    # step 4: root cause

    def find_causes(self) -> None:
        self.narrator.chapter("第四步：根本原因（5Why）", "Step 4: root cause (5 Why)")
        evidence = [self.inspection(self.world.claimants[0].lot)]
        lots = [c.lot for c in self.world.claimants]
        about = {"products": [self.world.claimants[0].product], "lots": lots, "defect_codes": [self.world.defect]}
        operator = self.ask("occurrence", "产品为何不合格？ · Why does it fail?")
        self.answer(operator, "操作工失误 · operator error", "technical", "inside", evidence)
        refused = self.confirm("operator error", "occurrence", "man", "production", operator, about, expect=(409, 422))
        self.narrator.refusal(
            f"「操作工失误」被拒绝：{refused['detail']}", f"'operator error' is refused: {refused['detail']}"
        )
        material = self.ask("occurrence", "操作为何会这样？ · Why did that happen?", operator)
        self.answer(
            material, "来料批次超出约定 · the input lot was outside the agreement", "technical", "supplier", evidence
        )
        confirmed = self.confirm(
            "来料批次不良 · bad input lot", "occurrence", "material", self.world.node, material, about
        )
        escape = self.ask("escape", "为何没有检出？ · Why was it not found?")
        self.answer(escape, "检验限过宽 · the inspection limit is too wide", "technical", "inside", evidence)
        review = self.ask("escape", "限值为何过宽？ · Why is the limit too wide?", escape)
        self.answer(
            review, "变更管理不复审检验限 · change control doesn't review limits", "managerial", "inside", evidence
        )
        self.confirm("检验限未复审 · limits not reviewed", "escape", "measurement", "final_inspection", review, about)
        self.narrator.step("发生与流出两条原因链均已确认", "occurrence and escape legs are confirmed")
        self.told.root_causes = [confirmed["root_cause_id"]]

    # step 5: responsibility and report

    def settle_responsibility(self) -> None:
        self.narrator.chapter("第五步：责任与报告", "Step 5: responsibility and report")
        root = self.told.root_causes[0]
        proposal = {"root_cause_id": root, "parties": {"supplier": self.world.supplier}}
        self.cast.engineer.post(f"{self.one}/responsibility", proposal)
        supplier = self.cast.person("supplier", "supplier-portal", f"supplier:{self.world.supplier}")
        quality = self.cast.person("department_lead", "quality-lead", "department:quality")
        party = {"kind": "supplier", "code": self.world.supplier}
        supplier.post(
            f"{self.one}/contest",
            {"root_cause_id": root, "party": party, "grounds": "出厂检验合格 · it passed our own inspection"},
        )
        early = self.cast.manager.post(f"{self.one}/confirm-responsibility", {"root_cause_id": root}, expect=(409,))
        self.narrator.refusal(f"有异议时不能确认：{early['detail']}", f"contested, so not confirmed: {early['detail']}")
        grounds = "来料复检超限，见证据 · the retest exceeds the limit, see the evidence"
        self.cast.second_engineer.post(
            f"{self.one}/uphold", {"root_cause_id": root, "party": party, "grounds": grounds}
        )
        supplier.post(f"{self.one}/accept-share", {"root_cause_id": root, "party": party}, expect=(200, 409))
        accepted = {"root_cause_id": root, "party": {"kind": "department", "code": "quality"}}
        quality.post(f"{self.one}/accept-share", accepted)
        purchasing = self.cast.person("department_lead", "purchasing-lead", "post:purchasing_manager")
        management = {"root_cause_id": root, "party": {"kind": "post", "code": "purchasing_manager"}}
        purchasing.post(f"{self.one}/accept-share", management)
        self.cast.manager.post(f"{self.one}/confirm-responsibility", {"root_cause_id": root})
        shares = self.cast.engineer.get(self.one)["responsibility"][root][-1]["shares"]
        language = "zh" if self.narrator.zh else "en"
        self.narrator.table(
            self.narrator.say("责任（已确认）", "Responsibility (confirmed)"),
            self.narrator.say("责任 责任方 比例 规则 条款", "kind party share rule clause").split(),
            [
                (
                    label(s["kind"], language),
                    f"{s['party']['kind']}:{s['party']['code']}",
                    s["percent"],
                    s["rule"],
                    s["clause"],
                )
                for s in shares
            ],
        )
        self.told.responsibility = {
            f"{s['party']['kind']}:{s['party']['code']}": s["percent"] or s["kind"] for s in shares
        }

    def ask(self, leg: str, question: str, follows: str | None = None) -> str:
        body = {"leg": leg, "question": question} | ({"follows": follows} if follows else {})
        self.cast.engineer.post(f"{self.one}/whys", body)
        asked: str = self.cast.engineer.get(self.one)["whys"][-1]["asked"]["why_id"]
        return asked

    def answer(self, why: str, words: str, level: str, boundary: str, evidence: list[dict[str, Any]]) -> None:
        body = {"answer": words, "level": level, "boundary": boundary, "evidence": evidence}
        self.cast.engineer.post(f"{self.one}/whys/{why}/answer", body)

    def confirm(
        self,
        statement: str,
        leg: str,
        category: str,
        node: str,
        last_why: str,
        about: Mapping[str, Any],
        expect: tuple[int, ...] = (201,),
    ) -> dict[str, Any]:
        body = {"statement": statement, "leg": leg, "category": category, "node": node, "last_why": last_why, **about}
        said = self.cast.engineer.post(f"{self.one}/root-causes", body, expect=expect)
        if expect == (201,):
            said = self.cast.engineer.get(self.one)["root_causes"][-1]
        return said

    def inspection(self, lot: str) -> dict[str, Any]:
        """Evidence: an inspection record of the lot itself."""
        trace = self.cast.engineer.get(f"/trace/lots/{lot}/backward", max_levels=1)
        evidence: dict[str, Any] = trace["inspections"][lot][0]["evidence"]
        return {name: evidence[name] for name in ("kind", "sha256", "batch", "row")}

    def show_map(self) -> None:
        nodes = self.cast.engineer.get(f"{self.one}/flow")["nodes"]
        rows = []
        for node in nodes:
            findings = [f for lot in node["lots"] for f in lot["findings"]]
            odd = [f["text_zh" if self.narrator.zh else "text_en"] for f in findings if f["answer"] != "in_order"]
            rows.append(
                (
                    node["node"]["zh" if self.narrator.zh else "en"],
                    node["status_label"],
                    len(findings),
                    "; ".join(odd[:2]),
                )
            )
        columns = self.narrator.say("节点 状态 记录 发现", "node status records findings").split()
        self.narrator.table(self.narrator.say("流程图", "Flow map"), columns, rows)

    def show_groups(self, zh: str, en: str, ranked: Mapping[str, Any]) -> None:
        language = "zh" if self.narrator.zh else "en"
        rows = [
            (
                g["rank"],
                " = ".join(f"{m['attribute']}={m['level']}" for m in g["members"]),
                f"{g['bad']}/{g['units']}",
                *(_three_digits(g[p]) for p in ("p_exact", "p_adjusted", "p_permutation", "p_time_blocks")),
                label(g["verdict"], language),
            )
            for g in ranked["groups"][:6]
        ]
        columns = self.narrator.say(
            "序|不可区分的候选|不良/总数|精确检验p|Holm校正p|时间置换p|时段内p|结论",
            "rank|candidates that can't be told apart|bad/units|p exact|p Holm|p rotated|p in blocks|verdict",
        ).split("|")
        self.narrator.table(self.narrator.say(f"可疑对象：{zh}", f"Suspects: {en}"), columns, rows)


def _significant(ranked: Mapping[str, Any]) -> int:
    return sum(g["verdict"] != "not_significant" for g in ranked["groups"])


def _three_digits(p: str | None) -> str:
    return "" if p is None else f"{Decimal(p):.3g}"


def _minute(value: str | None) -> str | None:
    """A moment to the minute, anything else as it is."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d[.\d]*(\+00:00|Z)$", r"\1 \2 UTC", value) if value else value
