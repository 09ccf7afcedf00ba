"""A complaint over HTTP, from its first word to its closure."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.http.policy import ROLES
from shared.adapters.http.streams import PERSONAL_READERS
from shared.kernel.ids import new_id

FORM: dict[str, Any] = {
    "channel": "phone",
    "customer": {"name": "王小明", "phone": "138 0000 1111", "email": "wang@example.test", "account": "D-07"},
    "description": "加热后锅盖漏气，发出啸叫。",
    "items": [{"product": "PC-5", "lot": "FG-0042", "quantity_affected": "2", "defect_codes": ["LEAK"]}],
    "occurred_where": "上海市某某路 12 号",
    "harm": "none",
}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


@pytest.fixture
def agent(app):
    return app.client("service_agent")


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


async def registered(agent, **more) -> dict[str, Any]:
    answer = await agent.post("/api/v1/complaints", json=FORM | more, headers=key())
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def post(client, path: str, body: Any = None, status: int = 200, **headers: str) -> dict[str, Any]:
    answer = await client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_a_registered_complaint_is_read_back_with_its_personal_texts(agent):
    made = await registered(agent)
    answer = await agent.get(f"/api/v1/complaints/{made['id']}")
    body = answer.json()
    assert body["form"]["customer"]["name"] == "王小明"
    assert body["form"]["description"] == FORM["description"]
    assert (body["status"], body["form"]["complaint_no"]) == ("registered", made["complaint_no"])
    assert [d["clock"] for d in body["deadlines"]] == ["acknowledgement", "final_answer"]
    assert answer.headers["etag"] == '"1"'


async def test_the_whole_way_to_closure(agent):
    made = await registered(agent)
    one = f"/complaints/{made['id']}"
    await post(agent, f"{one}/acknowledge")
    await post(agent, f"{one}/triage", {})
    await post(agent, f"{one}/hand-over", {})
    await post(agent, f"{one}/respond", {"channel": "phone", "body": "我们决定为您更换。", "tells_decision": True})
    await post(agent, f"{one}/offer-resolution", {"resolution": "replace", "terms": "更换同型号新品"})
    refused = await post(agent, f"{one}/close", status=409)
    assert refused["facts"]["missing"] == ["resolution_accepted", "remedy_done"]
    await post(agent, f"{one}/resolution", {"accepted": True})
    await post(agent, f"{one}/remedy", {"replacement_serial": "SN-1"})
    await post(agent, f"{one}/satisfaction", {"score": 5})
    await post(agent, f"{one}/close")
    body = (await agent.get(f"/api/v1{one}")).json()
    assert (body["status"], body["resolution"]["answer"], body["satisfaction"]) == ("closed", "customer", [5])
    times = (await agent.get(f"/api/v1{one}/timeline", headers={"Accept-Language": "zh-CN"})).json()["items"]
    assert [t["title"] for t in times][:2] == ["投诉已登记", "投诉已受理"]


async def test_the_list_shows_what_was_just_written_when_asked_to_wait_for_it(agent):
    answer = await agent.post("/api/v1/complaints", json=FORM, headers=key())
    position = answer.headers["suyuan-position"]
    listed = await agent.get(
        f"/api/v1/complaints?complaint_no={answer.json()['complaint_no']}", headers={"Suyuan-After": position}
    )
    [row] = listed.json()["items"]
    assert (row["id"], row["customer_name"], row["status"]) == (answer.json()["id"], "王小明", "registered")


async def test_pages_follow_each_other_without_gap_or_repeat(app):
    agent = app.client("service_agent", tenant="paging")
    numbers = [(await registered(agent))["complaint_no"] for _ in range(7)]
    position = f"intake:{len(numbers)}"
    seen, cursor = [], ""
    while True:
        answer = await agent.get(
            f"/api/v1/complaints?limit=3&sort=complaint_no{cursor}", headers={"Suyuan-After": position}
        )
        seen += [row["complaint_no"] for row in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        cursor = f"&cursor={answer.json()['next']}"
    assert seen == numbers


async def test_the_same_key_gives_the_same_answer_and_one_complaint(agent):
    same = key()
    answers = await asyncio.gather(*(agent.post("/api/v1/complaints", json=FORM, headers=same) for _ in range(5)))
    assert len({a.content for a in answers}) == 1
    assert {a.status_code for a in answers} == {201}
    other = await agent.post("/api/v1/complaints", json=FORM | {"harm": "injury"}, headers=same)
    assert (other.status_code, other.json()["type"]) == (422, "urn:suyuan:problem:key-reused")


async def test_the_retry_of_a_command_that_would_now_be_refused_hears_the_first_answer(agent):
    made = await registered(agent)
    same = key()
    first = await agent.post(f"/api/v1/complaints/{made['id']}/acknowledge", headers=same)
    again = await agent.post(f"/api/v1/complaints/{made['id']}/acknowledge", headers=same)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    refused = await agent.post(f"/api/v1/complaints/{made['id']}/acknowledge", headers=key())
    assert refused.status_code == 409


async def test_rule_01_one_source_reference_is_one_complaint(agent):
    form = FORM | {"channel": "email", "source_reference": f"<{new_id()}@example.test>"}
    answers = await asyncio.gather(*(agent.post("/api/v1/complaints", json=form, headers=key()) for _ in range(6)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    differs = await agent.post("/api/v1/complaints", json=form | {"description": "其他内容"}, headers=key())
    assert differs.status_code == 409
    assert differs.json()["facts"]["fields"] == ["description"]
    assert differs.json()["facts"]["complaint_no"] == answers[0].json()["complaint_no"]


async def test_rule_01_who_came_second_hears_the_same_again_also_after_the_erasure(app):
    agent, officer = app.client("service_agent", tenant="second"), app.client("privacy_officer", tenant="second")
    form = FORM | {"channel": "email", "source_reference": "<second@example.test>"}
    first = (await agent.post("/api/v1/complaints", json=form, headers=key())).json()
    same = key()
    second = await agent.post("/api/v1/complaints", json=form, headers=same)
    assert (second.status_code, second.json()["id"]) == (201, first["id"])
    await post(officer, f"/data-subjects/{first['subject_id']}/erase", {"reason": "客户要求"})
    again = await agent.post("/api/v1/complaints", json=form, headers=same)
    assert (again.status_code, again.content) == (201, second.content)
    other = await agent.post("/api/v1/complaints", json=form | {"description": "其他内容"}, headers=same)
    assert other.json()["type"] == "urn:suyuan:problem:key-reused"


async def test_complaint_numbers_have_no_duplicates(agent):
    numbers = await asyncio.gather(*(registered(agent) for _ in range(40)))
    assert len({n["complaint_no"] for n in numbers}) == 40


async def test_one_phone_is_one_person_however_it_is_written(app):
    agent = app.client("service_agent", tenant="persons")
    forms = [FORM | {"customer": FORM["customer"] | {"phone": p}} for p in ("13900002222", "139 0000 2222")]
    made = await asyncio.gather(
        *(agent.post("/api/v1/complaints", json=f, headers=key()) for f in forms for _ in range(4))
    )
    assert len({m.json()["subject_id"] for m in made}) == 1


async def test_a_stale_if_match_is_412_and_a_fresh_one_goes_through(agent):
    made = await registered(agent)
    path = f"/api/v1/complaints/{made['id']}/acknowledge"
    assert (await agent.post(path, headers={"If-Match": '"7"'})).status_code == 412
    assert (await agent.post(path, headers={"If-Match": '"1"'})).status_code == 200


async def test_a_correction_is_held_to_what_the_form_is_held_to(agent):
    made = await registered(agent)
    path = f"/complaints/{made['id']}/correct"
    refused = await post(agent, path, {"field": "customer.phone", "value": "打给我", "reason": "来电"}, status=422)
    assert [(one["in"], one["field"]) for one in refused["errors"]] == [("body", "/value")]
    assert "打给我" not in str(refused)


async def test_rule_02_a_correction_keeps_the_old_value_and_the_past_stays_askable(agent):
    made = await registered(agent)
    one = f"/api/v1/complaints/{made['id']}"
    before = (await agent.get(one)).headers["suyuan-position"]
    await post(agent, f"/complaints/{made['id']}/correct", {"field": "items[1].lot", "value": "FG-9", "reason": "笔误"})
    await post(
        agent, f"/complaints/{made['id']}/correct", {"field": "customer.phone", "value": "137", "reason": "号码"}
    )
    now = (await agent.get(one)).json()["form"]
    then = (await agent.get(one, params={"as_of": before})).json()["form"]
    assert (now["items"][0]["lot"], then["items"][0]["lot"]) == ("FG-9", "FG-0042")
    assert (now["customer"]["phone"], then["customer"]["phone"]) == ("137", "138 0000 1111")
    events = (await agent.get(f"{one}/timeline")).json()["items"]
    assert (events[1]["data"]["old"], events[1]["data"]["new"], events[1]["reason"]) == ('"FG-0042"', '"FG-9"', "笔误")
    assert events[2]["data"]["old_personal"] == "138 0000 1111"


async def test_attachments_are_typed_by_content_and_come_back_as_they_were(agent):
    made = await registered(agent)
    path = f"/api/v1/complaints/{made['id']}/attachments"
    answer = await agent.post(path, files={"file": ("裂纹.jpg", PNG, "text/plain")}, headers=key())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{path}/{answer.json()['id']}"
    got = await agent.get(f"{path}/{answer.json()['id']}")
    assert (got.content, got.headers["content-type"]) == (PNG, "image/png")
    refused = await agent.post(path, files={"file": ("x.png", b"MZ\x90\0", "image/png")}, headers=key())
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:suyuan:problem:attachment-refused")


async def test_another_tenants_complaint_is_404(app, agent):
    made = await registered(agent)
    other = app.client("service_agent", tenant="t2")
    for path in ("", "/timeline", "/deadlines"):
        assert (await other.get(f"/api/v1/complaints/{made['id']}{path}")).status_code == 404
    assert (await other.post(f"/api/v1/complaints/{made['id']}/acknowledge")).status_code == 404


async def test_an_erased_customer_is_gone_from_views_and_lists_and_the_chain_is_whole(app):
    agent, officer = app.client("service_agent", tenant="er"), app.client("privacy_officer", tenant="er")
    auditor = app.client("auditor", tenant="er")
    made = await registered(agent)
    path = f"/api/v1/complaints/{made['id']}"
    sent = key()
    added = await agent.post(f"{path}/attachments", files={"file": ("a.png", PNG)}, headers=sent)
    found = await post(officer, "/data-subjects/find", {"kind": "phone", "value": "13800001111"})
    assert found["items"] == [made["subject_id"]]
    await post(officer, f"/data-subjects/{made['subject_id']}/erase", {"reason": "客户要求"})
    body = (await agent.get(path, headers={"Accept-Language": "zh"})).json()
    assert (body["form"]["customer"]["name"], body["form"]["description"]) == ("已删除", "已删除")
    assert (await agent.get(path)).json()["form"]["customer"]["name"] == "[erased]"
    assert (await agent.get(f"{path}/attachments/{added.json()['id']}")).status_code == 410
    again = await agent.post(f"{path}/attachments", files={"file": ("a.png", PNG)}, headers=sent)
    assert (again.status_code, again.content) == (201, added.content)
    written = {"Suyuan-After": added.headers["Suyuan-Position"]}
    [row] = (await agent.get("/api/v1/complaints", headers=written)).json()["items"]
    assert row["customer_name"] == "[erased]"
    assert (await post(officer, "/data-subjects/find", {"kind": "phone", "value": "13800001111"}))["items"] == []
    verdict = (await auditor.get("/api/v1/intake/audit/verify")).json()
    assert (verdict["fault"], verdict["bad_position"]) == (None, None)
    refused = await agent.post(f"{path}/respond", json={"channel": "phone", "body": "您好"})
    assert refused.status_code == 410


async def test_after_the_erasure_no_guess_about_the_person_is_answered(app):
    """The same source reference again: neither the right content nor a wrong one tells which it is."""
    agent, officer = app.client("service_agent", tenant="guess"), app.client("privacy_officer", tenant="guess")
    form = FORM | {"channel": "email", "source_reference": "<erased@example.test>"}
    made = (await agent.post("/api/v1/complaints", json=form, headers=key())).json()
    await post(officer, f"/data-subjects/{made['subject_id']}/erase", {"reason": "客户要求"})
    guesses = (form, form | {"description": "其他内容"}, form | {"customer": {"name": "猜测"}})
    answers = [await agent.post("/api/v1/complaints", json=guess, headers=key()) for guess in guesses]
    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_an_attachment_is_read_by_those_who_may_read_personal_texts(app):
    agent = app.client("service_agent")
    made = await registered(agent)
    _, path = await attached(agent, made)
    statuses = {role: (await app.client(role).get(path)).status_code for role in ROLES}
    assert {role for role, status in statuses.items() if status == 200} == set(PERSONAL_READERS)
    assert {status for role, status in statuses.items() if role not in PERSONAL_READERS} == {403}
    for role in set(ROLES) - set(PERSONAL_READERS) - {"supplier"}:
        shown = (await app.client(role).get(f"/api/v1/complaints/{made['id']}")).json()["attachments"]
        assert [one["file_name"] for one in shown] == ["[restricted]"]


async def test_a_stored_file_that_was_changed_or_is_gone_is_said_so(app):
    agent = app.client("service_agent", tenant="files")
    made = await registered(agent)
    _, path = await attached(agent, made)
    [file] = (app.runtimes["intake"].resources.settings.data_dir / "blobs" / "files").iterdir()
    whole = file.read_bytes()
    for spoil in (lambda: file.write_bytes(whole[:-1] + b"x"), lambda: file.write_bytes(b""), file.unlink):
        spoil()
        told = await agent.get(path)
        assert (told.status_code, told.json()["type"]) == (409, "urn:suyuan:problem:attachment-damaged")
    file.write_bytes(whole)
    assert (await agent.get(path)).status_code == 200


async def attached(agent, made):
    path = f"/api/v1/complaints/{made['id']}/attachments"
    added = await agent.post(path, files={"file": ("a.png", PNG)}, headers=key())
    assert added.status_code == 201, added.text
    return added, f"{path}/{added.json()['id']}"


async def test_erasure_is_refused_under_a_legal_hold_with_basis_and_date(app):
    agent, officer = app.client("service_agent", tenant="hold"), app.client("privacy_officer", tenant="hold")
    made = await registered(agent)
    subject = f"/data-subjects/{made['subject_id']}"
    await post(officer, f"{subject}/legal-hold", {"basis": "诉讼 2026-17", "until": "2030-01-01"})
    refused = await post(officer, f"{subject}/erase", {"reason": "客户要求"}, status=409)
    assert (refused["facts"]["basis"], refused["facts"]["until"]) == ("诉讼 2026-17", "2030-01-01")
    await post(officer, f"{subject}/legal-hold/lift", {"reason": "结案"})
    await post(officer, f"{subject}/erase", {"reason": "客户要求"})


async def test_of_fifty_who_correct_one_complaint_at_once_each_is_heard_once(agent):
    made = await registered(agent)
    path = f"/api/v1/complaints/{made['id']}"
    bodies = [{"field": "description", "value": f"第 {n} 版", "reason": "更正"} for n in range(50)]
    answers = await asyncio.gather(*(agent.post(f"{path}/correct", json=body, headers=key()) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(int(answer.headers["ETag"].strip('"')) for answer in answers) == list(range(2, 52))


@pytest.mark.parametrize("received_at", ["0001-01-01T00:00:00Z", "1899-12-31T23:59:59+08:00", "9999-01-01T00:00:00Z"])
async def test_a_year_that_is_a_slip_of_the_pen_is_refused_at_its_field(agent, received_at):
    answer = await agent.post("/api/v1/complaints", json=FORM | {"received_at": received_at}, headers=key())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "/received_at")
