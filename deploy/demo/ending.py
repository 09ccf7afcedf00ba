"""The second half of the story: report, CAPA, the customer's answer, closure, figures and proof."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from deploy.demo.story import SERVICES, Story
from shared.contracts.words import label


def conclude(story: Story) -> None:
    """The actions are planned, then the final report is issued and the investigation concluded."""
    manager = story.cast.manager
    issued = story.cast.engineer.post(
        f"{story.one}/reports", {"stage": "final", "edition": "internal", "language": "zh-CN"}
    )
    page = story.cast.engineer.text(f"{story.one}/report.html")
    again = story.cast.engineer.text(f"{story.one}/report.html")
    number, short, same = issued["report_no"], sha256(page).hexdigest()[:12], page == again
    story.narrator.step(
        f"追溯报告 {number} 已签发，SHA-256 {short}…，再次取出{'逐字节相同' if same else '不同'}",
        f"report {number} issued, SHA-256 {short}…, {'the same' if same else 'NOT the same'} again",
    )
    story.cast.engineer.post(
        f"{story.one}/reports",
        {"stage": "final", "edition": "customer", "language": "en", "complaint_id": story.told.complaints[0]["id"]},
    )
    manager.post(
        f"{story.one}/conclude",
        {
            "outcome": "root_cause_confirmed",
            "tried": "交叉验证、节点排查、定位、5Why · cross-check, nodes, localisation, 5 Why",
            "statement": "原因已查明，已采取纠正措施。 · The cause was found and corrected.",
        },
    )


def improve(story: Story) -> None:
    """CAPA: planned, approved by another, completed with its cut-in, verified by another, measured, closed."""
    story.narrator.chapter("纠正与预防（CAPA）", "Corrective and preventive action (CAPA)")
    cast, today = story.cast, datetime.now(UTC).date()  # noqa: TID251 - a person at a terminal tells today's date
    capas = cast.engineer.get("/capas", investigation_id=story.told.investigation)["items"]
    for capa in capas:
        _walk(story, capa, today)
    story.told.capa = capas[0]["id"]


def _walk(story: Story, capa: dict[str, Any], today: date) -> None:
    cast, one = story.cast, f"/capas/{capa['id']}"
    for root in capa["root_causes"]:
        planned = cast.engineer.post(
            f"{one}/actions",
            {
                "kind": "corrective",
                "title": "更换来料并收紧检验限 · replace the material, tighten the limit",
                "owner": "owner-sun",
                "department": "quality",
                "due_date": (today + timedelta(days=30)).isoformat(),
                "criterion": "复检合格 · retests pass",
                "root_cause_id": root,
            },
        )
        action = f"{one}/actions/{planned['action_no']}"
        cast.manager.post(f"{action}/approve")
        cast.engineer.post(f"{action}/start")
        cut_in = {"kind": "date", "value": story.world.cut_in.isoformat(), "made_from": story.world.cut_in.isoformat()}
        completed = {"completed_on": today.isoformat(), "cut_in": cut_in, "note": "已实施 · in place"}
        cast.engineer.post(f"{action}/complete", completed)
        cast.second_engineer.post(f"{action}/verify", {"met_criterion": True, "note": "验证通过 · verified"})
    product = story.world.claimants[0].product
    cast.engineer.post(
        f"{one}/similarity", {"searched": "同类产品 · similar products", "found": [], "conclusion": "无 · none found"}
    )
    cast.engineer.post(f"{one}/control-plan", {"updated": True, "documents": ["CP-17", "PFMEA-17"]})
    cast.engineer.post(
        f"{one}/effectiveness",
        {
            "baseline_ppm": "1000",
            "target_ppm": "50",
            "made_from": story.world.cut_in.isoformat(),
            "made_to": (story.world.cut_in + story.world.window).isoformat(),
            "minimum_units": 1,
            "products": [product],
            "defect_codes": [story.world.defect],
        },
    )
    cast.engineer.post(f"{one}/effectiveness/measure")
    cast.manager.post(f"{one}/effectiveness/confirm", {"note": "断点后无再发 · no recurrence after the cut-in"})
    lesson = {
        "lesson": "来料变更须触发检验限复审 · a material change must trigger a limit review",
        "keywords": ["limit"],
    }
    cast.engineer.post(f"{one}/lessons", lesson)
    cast.manager.post(f"{one}/close")
    seen = cast.engineer.get(one)
    measured = seen["measurements"][-1] if seen.get("measurements") else {}
    number, units, bad = capa["capa_no"], measured.get("units"), measured.get("confirmed_bad")
    story.narrator.step(
        f"{number} 已关闭：自断点 {story.world.cut_in} 起生产 {units} 件，确认不良 {bad}",
        f"{number} closed: {units} units made from the cut-in {story.world.cut_in} on, {bad} confirmed bad",
    )


def answer_customers(story: Story) -> None:
    story.narrator.chapter("答复客户并关闭投诉", "Answering the customers, closing the complaints")
    agent = story.cast.agent
    for made in story.told.complaints:
        one = f"/complaints/{made['id']}"
        body = "原因已查明，为您更换新品。 · The cause was found; you get a replacement."
        agent.post(f"{one}/respond", {"channel": "phone", "body": body, "tells_decision": True})
        agent.post(f"{one}/offer-resolution", {"resolution": "replace", "terms": "更换 · replacement"})
        agent.post(f"{one}/resolution", {"accepted": True})
        agent.post(f"{one}/remedy", {"replacement_serial": "DEMO-1"})
        agent.post(f"{one}/close")
        seen = agent.get(one)
        story.told.status = seen["status"]
        outcome = label(seen["outcome"], "zh" if story.narrator.zh else "en") if seen["outcome"] else "-"
        story.narrator.step(
            f"{made['complaint_no']}：{seen['status_label']}，调查结论 {outcome}",
            f"{made['complaint_no']}: {seen['status_label']}, the investigation says {outcome}",
        )


def prove(story: Story) -> None:
    story.narrator.chapter("指标与证明", "Figures and proof")
    kpis = story.cast.auditor.get("/kpis")
    language = "zh" if story.narrator.zh else "en"
    names = {node["node"]: node[language] for node in story.cast.auditor.get("/process-flows")["nodes"]}
    story.narrator.table(
        story.narrator.say("节点柏拉图", "Pareto by node"),
        story.narrator.say("节点 数量 累计", "node count cumulative").split(),
        [(names.get(bar["label"], bar["label"]), bar["count"], bar["cumulative"]) for bar in kpis["pareto_by_node"]],
    )
    rows, whole = [], True
    for service in SERVICES:
        verdict = story.cast.auditor.get(f"/{service}/audit/verify")
        story.told.events += verdict["events"]
        whole = whole and verdict["fault"] is None
        rows.append((service, verdict["events"], verdict["head"][:16], verdict["fault"] or "✓"))
    story.told.verified = whole
    story.narrator.table(
        story.narrator.say("哈希链重算", "Chains recomputed"),
        story.narrator.say("服务 事件 链头 结论", "service events head verdict").split(),
        rows,
    )
