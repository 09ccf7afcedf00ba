"""An investigation over HTTP: from the hand-over to its conclusion."""

from __future__ import annotations

from typing import Any

from shared.kernel.ids import new_id
from tests.integration.investigation.casework import (
    API,
    BAD_INPUT,
    BAD_LOT,
    BAD_LOTS,
    GOOD_LOT,
    PRODUCT,
    SUPPLIER,
    ask,
    corrected,
    key,
    look,
    made_on,
    opened,
    upload,
)


async def test_a_hand_over_opens_it_and_the_list_finds_it_by_lot(app):
    case = await opened(app)
    view = await case.view()
    assert [one["complaint_id"] for one in view["complaints"]] == [str(case.complaint)]
    made = await ask(case.engineer, f"{case.path}/problem", {"statement": "锅盖漏气"})
    listed = await look(case.engineer, "/investigations", made["at"], lot=BAD_LOT)
    assert str(case.id) in {row["id"] for row in listed["items"]}


async def test_the_whole_walk_to_the_conclusion(app, folder):
    case = await opened(app)
    engineer, path = case.engineer, case.path
    await ask(engineer, f"{path}/team", {"subject": "u-7", "role": "leader"})
    about = {"complaint_id": str(case.complaint), "item_no": 1}
    await ask(engineer, f"{path}/cross-check", about)
    checks = (await case.view())["cross_checks"][0]["checks"]
    assert {one["answer"] for one in checks} <= {"match", "mismatch", "missing"}
    assert checks
    found = {"outcome": "confirmed", "quantity": "2", "note": "复检一致", "evidence": await case.evidence()}
    await ask(engineer, f"{path}/verify", about | found)
    [verified] = (await case.view())["verified"]
    assert verified["production_date"] == made_on(folder, BAD_LOT)
    await ask(engineer, f"{path}/localise", {"bad_lots": BAD_LOTS, "with_period": False})
    suspects = (await case.view())["suspects"]
    assert suspects["bad"] >= 3
    leading = [m["level"] for m in suspects["groups"][0]["members"]]
    assert BAD_INPUT in leading
    body = {"node": "incoming_inspection", "ground": "挥发分偏高", "evidence": await case.evidence()}
    await ask(engineer, f"{path}/suspect-node", body)
    nodes = {n["node"]["node"]: n["status"] for n in (await look(engineer, f"{path}/flow"))["nodes"]}
    assert nodes["incoming_inspection"] == "suspect"
    await case.with_root()
    concluded = {"outcome": "root_cause_confirmed", "tried": "见报告", "statement": "来料不良，已更换。"}
    manager = app.client("quality_manager")
    refused = await ask(manager, f"{path}/conclude", concluded, expect=409)
    assert refused["facts"] == {"leg": "escape"}
    excused = {"inapplicable": [{"leg": "escape", "reason": "出厂检验项目不含此项"}]}
    await ask(manager, f"{path}/conclude", concluded | excused)
    view = await case.view()
    assert (view["status"], view["outcome"]) == ("concluded", "root_cause_confirmed")
    late = await ask(engineer, f"{path}/problem", {"statement": "再写"}, 409)
    assert late["type"].startswith("urn:suyuan:problem:")
    await ask(app.client("quality_manager"), f"{path}/reopen", {"reason": "新证据"})
    assert (await case.view())["status"] == "open"


async def test_the_localisation_without_a_case_records_nothing(app):
    head = await app.runtimes["investigation"].resources.log.heads()
    said = await ask(app.client("auditor"), "/trace/localise", {"bad_lots": BAD_LOTS, "with_period": False})
    assert "investigation_id" not in said
    assert said["units"] > said["bad"] >= 3
    assert await app.runtimes["investigation"].resources.log.heads() == head


async def test_rule_08_a_node_is_cleared_by_evidence_and_a_correction_reopens_it(app, folder):
    case = await opened(app, GOOD_LOT)
    await ask(case.engineer, f"{case.path}/examine-node", {"node": "final_inspection", "lot": GOOD_LOT})
    flow = await look(case.engineer, f"{case.path}/flow")
    node = next(one for one in flow["nodes"] if one["node"]["node"] == "final_inspection")
    cited = [ref for lot in node["lots"] for finding in lot["findings"] for ref in finding["evidence"]]
    evidence = [{name: ref[name] for name in ("kind", "sha256", "batch", "row")} for ref in cited]
    await ask(case.engineer, f"{case.path}/clear-node", {"node": "final_inspection", "evidence": []}, (409, 422))
    await ask(case.engineer, f"{case.path}/clear-node", {"node": "final_inspection", "evidence": evidence})
    assert (await case.view())["nodes"]["final_inspection"] == "cleared"
    anew = corrected(folder, "final_inspection", {"batch_no": GOOD_LOT}, {"value": "0.0001"})
    done = await upload(case.engineer, "syn-final-inspection", anew)
    assert done["superseded"] == 1
    assert (await case.view(done["at"]))["nodes"]["final_inspection"] == "reopened"


async def test_rule_08_a_correction_reopens_an_examined_node_and_the_case_says_why(app, folder):
    lot = "FG-0000003"
    case = await opened(app, lot)
    await ask(case.engineer, f"{case.path}/examine-node", {"node": "incoming_inspection", "lot": lot})
    [found] = [n for n in (await look(case.engineer, f"{case.path}/flow"))["nodes"] if n["lots"]]
    cited = {(ref["batch"], ref["row"]) for f in found["lots"][0]["findings"] for ref in f["evidence"]}
    assert (found["status"], found["corrections"], (await case.view())["node_corrections"]) == ("examined", [], {})
    trace = await look(case.engineer, f"/trace/lots/{lot}/backward")
    seen = next(r for rs in trace["inspections"].values() for r in rs if key_of(r["evidence"]) in cited)
    anew = corrected(folder, "incoming_inspection", {"报告号": seen["report"]}, {"检验值": "0.0002"})
    done = await upload(case.engineer, "syn-incoming-inspection", anew)
    [found] = [n for n in (await look(case.engineer, f"{case.path}/flow", done["at"]))["nodes"] if n["corrections"]]
    [why] = found["corrections"]
    assert (found["node"]["node"], found["status"], found["lots"]) == ("incoming_inspection", "reopened", [])
    assert key_of(why["corrected"]) == key_of(seen["evidence"])
    assert why["correction"]["batch"] == done["batch_id"]
    assert [(c["field"], c["was"], c["now"]) for c in why["changed"]] == [("value", seen["value"], "0.0002")]
    assert f"value {seen['value']} → 0.0002" in why["why"].lower()
    assert (await case.view())["node_corrections"] == {"incoming_inspection": [why]}
    chinese = app.client("quality_engineer", language="zh-CN")
    [said] = (await look(chinese, case.path))["node_corrections"]["incoming_inspection"]
    assert "已被更正" in said["why"]
    await ask(case.engineer, f"{case.path}/clear-node", {"node": "incoming_inspection", "evidence": [bare(seen)]}, 409)


def key_of(ref: dict[str, Any]) -> tuple[str, int]:
    return ref["batch"], ref["row"]


def bare(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record["evidence"][name] for name in ("kind", "sha256", "batch", "row")}


async def test_evidence_that_is_not_there_is_refused_and_named(app):
    case = await opened(app)
    [real] = await case.evidence()
    made_up_ones = (
        real | {"sha256": "ab" * 32},
        real | {"row": 10**6},
        real | {"tenant": "another"},
        {"kind": "blob", "sha256": "ab" * 32},
    )
    for made_up in made_up_ones:
        body = {"node": "production", "ground": "x", "evidence": [made_up]}
        said = await ask(case.engineer, f"{case.path}/suspect-node", body, 422)
        assert said["type"] == "urn:suyuan:problem:evidence-unknown"
        assert "evidence" in str(said["errors"])


async def test_evidence_is_cited_as_it_was_served(app):
    case = await opened(app)
    [served] = (await look(case.engineer, f"/trace/lots/{BAD_LOT}/backward"))["inspections"][BAD_LOT][:1]
    assert served["evidence"]["tenant"]
    body = {"node": "production", "ground": "检验记录异常", "evidence": [served["evidence"]]}
    await ask(case.engineer, f"{case.path}/suspect-node", body)
    [node] = [n for n in (await look(case.engineer, f"{case.path}/flow"))["nodes"] if n["node"]["node"] == "production"]
    assert node["status"] == "suspect"


async def test_rule_10_operator_error_is_not_yet_a_root_cause(app):
    case = await opened(app)
    first = await case.why("occurrence")
    await case.answer(first, "technical", "inside", "操作工失误 · operator error")
    refused = await case.confirm(first, expect=409)
    assert refused["facts"]
    second = await case.why("occurrence", first)
    await case.answer(second, "managerial", "inside", "换线没有复核要求 · no check after a changeover")
    assert (await case.confirm(second))["id"]


async def test_a_complaint_moves_from_one_investigation_to_another(app):
    first, second = await opened(app), await opened(app, account="D-08")
    await ask(first.engineer, f"{first.path}/leave", {"complaint_id": str(first.complaint), "reason": "另一原因"})
    await ask(second.engineer, f"{second.path}/join", {"complaint_id": str(first.complaint)})
    joined = {one["complaint_id"] for one in (await second.view())["complaints"]}
    assert joined == {str(first.complaint), str(second.complaint)}
    stranger = await ask(second.engineer, f"{second.path}/join", {"complaint_id": str(new_id())}, 409)
    assert stranger["type"] == "urn:suyuan:problem:not-handed-over"


async def test_as_of_shows_what_was_known_then(app):
    case = await opened(app)
    before = await case.engineer.get(f"{API}{case.path}")
    await ask(case.engineer, f"{case.path}/problem", {"statement": "后来才写"})
    then = await look(case.engineer, case.path, as_of=before.headers["suyuan-position"])
    assert (then["problem"], (await case.view())["problem"]["statement"]) == (None, "后来才写")


async def test_what_the_edge_refuses(app):
    case = await opened(app)
    await ask(app.client("supplier"), f"{case.path}/problem", {"statement": "x"}, 403)
    await ask(app.client("quality_engineer", tenant="t2"), f"{case.path}/problem", {"statement": "x"}, 404)
    stale = await ask(case.engineer, f"{case.path}/problem", {"statement": "x"}, 412, **{"If-Match": '"99"'})
    assert stale["type"] == "urn:suyuan:problem:version-conflict"
    unknown = await ask(case.engineer, f"{case.path}/problem", {"statement": "x", "nonsense": 1}, 422)
    assert unknown["errors"][0]["field"] == "/nonsense"
    without = await case.engineer.post(f"{API}/investigations", json={})
    assert without.status_code == 400


async def test_a_create_repeated_is_one(app):
    engineer, same = app.client("quality_engineer"), key()
    answers = [await engineer.post(f"{API}/investigations", json={}, headers=same) for _ in range(2)]
    assert (answers[0].status_code, answers[0].content) == (201, answers[1].content)
    assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_it_is_called_id_and_what_it_names_by_its_kind(app):
    case = await opened(app)
    asked = await ask(case.engineer, f"{case.path}/whys", {"leg": "escape", "question": "为什么没发现？"})
    assert asked["investigation_id"] == str(case.id)
    [why] = (await case.view())["whys"]
    assert why["asked"]["why_id"] == asked["id"]
    done = await ask(case.engineer, f"{case.path}/problem", {"statement": "漏气"})
    listed = await look(case.engineer, "/investigations", done["at"])
    assert str(case.id) in {row["id"] for row in listed["items"]}
    assert (done["id"], (await case.view())["id"]) == (str(case.id),) * 2


async def test_a_part_that_is_not_there_is_named_by_its_own_id(app):
    case, nothing = await opened(app), new_id()
    body = {"answer": "x", "level": "technical", "boundary": "inside", "evidence": await case.evidence()}
    told = await ask(case.engineer, f"{case.path}/whys/{nothing}/answer", body, 404)
    assert told["facts"] == {"what": "why", "id": str(nothing)}
    told = await ask(case.engineer, f"/investigations/{nothing}/problem", {"statement": "x"}, 404)
    assert told["facts"] == {"what": "investigation", "id": str(nothing)}


async def test_rows_that_are_wrong_are_reported_and_the_others_kept(app):
    engineer = app.client("quality_engineer", language="zh-CN")
    header = "SOURCE,BATCH,LOCATION,ITEM,QTY,UOM,STATUS,NODE,COUNTED\n"
    good = f"SYN-WMS,{BAD_LOT},L9,{PRODUCT},10,EA,RELEASED,finished_goods_storage,2026-01-05 08:00\n"
    done = await upload(engineer, "syn-stock", (header + good + good.replace(",10,", ",ten,")).encode())
    assert (done["rows"], done["refused_rows"]) == (1, 1)
    [error] = done["errors"]
    assert (error["line"], error["column"]) == (3, "QTY")
    assert "不是数字" in error["detail"]


async def test_a_lot_is_traced_both_ways(app):
    engineer = app.client("quality_engineer")
    back = await look(engineer, f"/trace/lots/{BAD_LOT}/backward")
    assert BAD_INPUT in back["levels"]
    forward = await look(engineer, f"/trace/lots/{BAD_INPUT}/forward")
    assert BAD_LOT in forward["levels"]


async def test_a_retry_hears_its_first_answer_also_where_a_look_up_would_refuse_it_by_now(app):
    case = await opened(app)
    root = await case.with_root()
    about = {"complaint_id": str(case.complaint), "item_no": 1}
    found = about | {"outcome": "confirmed", "quantity": "2", "note": "复检一致", "evidence": await case.evidence()}
    asked = [
        (f"{case.path}/verify", found),
        (f"{case.path}/cross-check", about),
        (f"{case.path}/localise", {"confirmed": True, "with_period": False}),
        (f"{case.path}/responsibility", {"root_cause_id": root, "parties": {"supplier": SUPPLIER}}),
        (
            f"{case.path}/reports",
            {"stage": "interim", "edition": "customer", "language": "en", "complaint_id": str(case.complaint)},
        ),
    ]
    keys = [{"Idempotency-Key": str(new_id())} for _ in asked]
    first = [await ask(case.engineer, path, body, **key) for (path, body), key in zip(asked, keys, strict=True)]
    reason = {"reason": "见新证据"}
    await ask(case.engineer, f"{case.path}/root-causes/{root}/withdraw", reason)
    await ask(case.engineer, f"{case.path}/leave", {"complaint_id": str(case.complaint)} | reason)
    again = [await ask(case.engineer, path, body, **key) for (path, body), key in zip(asked, keys, strict=True)]
    assert again == first
    anew = [await ask(case.engineer, path, body, expect=(404, 409, 422)) for path, body in asked]
    assert all("type" in refused for refused in anew)
