"""What a CAPA refuses over HTTP, each as a problem in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.integration.capa.improving import CUT_IN, DAY, NOON, TODAY, completion
from tests.integration.speaking import API, ask, key

VERIFIED = {"met_criterion": True, "note": "合格"}
CHINESE = re.compile(r"[一-鿿]")


async def refused(client, path: str, body: Any, status: int, code: str, **headers: str) -> dict[str, Any]:
    """The problem, after it was seen in both languages: the same but for its sentences."""
    told = {}
    for language in ("zh-CN", "en"):
        asked = key() | {"Accept-Language": language} | headers
        answer = await client.post(f"{API}{path}", json=body, headers=asked)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language
        told[language] = answer.json()
        assert told[language]["type"] == f"urn:suyuan:problem:{code}"
    for language, problem in told.items():
        for one in (problem, *problem.get("errors", [])):
            assert bool(CHINESE.search(one["detail"])) == (language == "zh-CN"), one
    assert told["zh-CN"].get("facts") == told["en"].get("facts")
    return told["en"] | {"zh": told["zh-CN"]["detail"]}


def fields(problem: dict[str, Any]) -> list[str]:
    return [one["field"] for one in problem["errors"]]


async def test_rule_14_an_action_has_owner_due_date_criterion_and_answers_something(case):
    path = f"{case.path}/actions"
    for name in ("owner", "due_date", "criterion"):
        body = {k: v for k, v in case.plan_body().items() if k != name}
        assert fields(await refused(case.planner, path, body, 422, "invalid-request")) == [f"/{name}"]
    for kind, needs in (("corrective", "root_cause_id"), ("containment", "complaint_id"), ("preventive", "risk")):
        body = case.plan_body(kind=kind, root_cause_id=None)
        assert needs in (await refused(case.planner, path, body, 422, "answers-nothing"))["detail"]
    past = case.plan_body(due_date=(TODAY - DAY).isoformat())
    assert fields(await refused(case.planner, path, past, 422, "due-date-in-the-past")) == ["/due_date"]
    other = case.plan_body(root_cause_id=str(new_id()))
    assert fields(await refused(case.planner, path, other, 409, "cause-not-addressed")) == ["/root_cause_id"]
    assert (await case.view())["actions"] == []


async def test_rule_14_neither_planner_nor_owner_approves(case):
    action = await case.planned()
    for person in (case.planner, case.owner):
        told = await refused(person, f"{action}/approve", None, 403, "approver-involved")
        assert told["facts"] == {"action_no": 1}
    await ask(case.manager, f"{action}/approve")


async def test_rule_14_who_completes_does_not_verify(case):
    action = await case.completed()
    await refused(case.owner, f"{action}/verify", VERIFIED, 403, "verifier-completed")
    await ask(case.verifier, f"{action}/verify", VERIFIED)


async def test_rule_14_changing_a_due_date_keeps_the_first(case):
    action = await case.planned()
    first, later = (TODAY + 30 * DAY).isoformat(), (TODAY + 60 * DAY).isoformat()
    for day, code in (((TODAY - DAY).isoformat(), "due-date-in-the-past"), (first, "due-date-unchanged")):
        told = await refused(case.planner, f"{action}/due-date", {"due_date": day, "reason": "模具延期"}, 422, code)
        assert fields(told) == ["/due_date"]
    blank = await refused(
        case.planner, f"{action}/due-date", {"due_date": later, "reason": " "}, 422, "invalid-request"
    )
    assert fields(blank) == ["/reason"]
    for day in (later, (TODAY + 45 * DAY).isoformat()):
        await ask(case.planner, f"{action}/due-date", {"due_date": day, "reason": "模具延期"})
    [seen] = (await case.view())["actions"]
    assert (seen["first_due_date"], seen["due_date"]) == (first, (TODAY + 45 * DAY).isoformat())


@pytest.mark.parametrize(
    ("step", "body", "needs"),
    [
        ("start", None, ["approved"]),
        ("complete", completion(), ["started"]),
        ("verify", VERIFIED, ["completed"]),
    ],
)
async def test_no_step_out_of_its_order(case, step, body, needs):
    action = await case.planned()
    told = await refused(case.verifier, f"{action}/{step}", body, 409, "action-not-in-state")
    assert told["facts"] == {"action_no": 1, "status": "planned", "needs": needs}
    assert "planned" not in told["zh"]
    assert "已计划" in told["zh"]


async def test_what_is_settled_takes_no_step(case):
    action = await case.verified()
    for step, body in (("return", {"reason": "x"}), ("cancel", {"reason": "x"}), ("verify", VERIFIED), ("start", None)):
        told = await refused(case.manager, f"{action}/{step}", body, 409, "action-not-in-state")
        assert told["facts"]["status"] == "verified"


async def test_a_completion_has_its_cut_in_and_lies_not_ahead(case):
    action = await case.started()
    without = {name: value for name, value in completion().items() if name != "cut_in"}
    for body, field in (
        (without, "/cut_in"),
        (completion(cut_in={"kind": "lot", "value": "L-0815"}), "/cut_in/made_from"),
        (completion(cut_in={"kind": "week", "value": "27", "made_from": CUT_IN.isoformat()}), "/cut_in/kind"),
    ):
        assert fields(await refused(case.owner, f"{action}/complete", body, 422, "invalid-request")) == [field]
    ahead = completion(completed_on=(TODAY + DAY).isoformat())
    told = await refused(case.owner, f"{action}/complete", ahead, 422, "completed-in-the-future")
    assert fields(told) == ["/completed_on"]


async def test_today_is_the_day_at_the_plant(case, clock):
    """00:30 on 1 July in Shanghai is 30 June in UTC: what was done there today is not ahead of the time."""
    action = await case.started()
    clock.now = datetime(2026, 6, 30, 16, 30, tzinfo=UTC)
    await refused(
        case.owner, f"{action}/complete", completion(completed_on="2026-07-02"), 422, "completed-in-the-future"
    )
    await ask(case.owner, f"{action}/complete", completion(completed_on="2026-07-01"))
    yesterday = case.plan_body(due_date="2026-06-30")
    await refused(case.planner, f"{case.path}/actions", yesterday, 422, "due-date-in-the-past")


async def test_a_criterion_not_met_sends_the_action_back(case):
    action = await case.completed()
    await ask(case.verifier, f"{action}/verify", {"met_criterion": False, "note": "第 3 批超差"})
    view = await case.view()
    assert (view["actions"][0]["status"], view["actions"][0]["cut_in"], view["cut_in"]) == ("started", None, None)


async def test_rule_18_effectiveness_needs_a_plan_and_a_cut_in(case):
    path = f"{case.path}/effectiveness"
    await refused(case.planner, f"{path}/measure", None, 409, "no-effectiveness-check")
    for changes, code, field in (
        ({"made_to": (CUT_IN - DAY).isoformat()}, "window-ends-before-it-starts", "/made_to"),
        ({"target_ppm": "900"}, "target-above-baseline", "/target_ppm"),
    ):
        assert fields(await refused(case.planner, path, case.check_body(**changes), 422, code)) == [field]
    for changes, field in (({"minimum_units": 0}, "/minimum_units"), ({"products": []}, "/products")):
        told = await refused(case.planner, path, case.check_body(**changes), 422, "invalid-request")
        assert fields(told) == [field]
    await ask(case.planner, path, case.check_body())
    await refused(case.planner, f"{path}/measure", None, 409, "no-cut-in-yet")
    await case.completed()
    early = case.check_body(made_from=(CUT_IN - DAY).isoformat())
    assert fields(await refused(case.planner, path, early, 422, "window-before-cut-in")) == ["/made_from"]


async def test_rule_18_only_units_made_from_the_cut_in_count(case):
    await case.verified()
    await case.made((CUT_IN - DAY, 50_000))
    await case.complained(9, CUT_IN - DAY)
    await case.complained(3, None)
    await case.complained(5, None, NOON - 40 * DAY)  # reported before the cut-in
    measured = await case.measured(bad=1)
    assert (measured["units"], measured["confirmed_bad"]) == (40_000, "1")
    assert (measured["bad_before"], measured["bad_undated"]) == ("14", "3")
    assert {one["service"] for one in measured["positions"]} == {"intake", "investigation"}


async def test_rule_18_a_measurement_that_the_logs_no_longer_bear_out_is_not_confirmed(case):
    await case.verified()
    await case.measured()
    path, note = f"{case.path}/effectiveness/confirm", {"note": "达成"}
    await case.complained(30, None)
    await refused(case.manager, path, note, 409, "counted-otherwise")
    await ask(case.planner, f"{case.path}/effectiveness/measure")
    told = await refused(case.manager, path, note, 409, "undated-decides")
    assert told["facts"] == {"undated": "30", "ppm": "750.000", "target_ppm": "50"}


async def test_rule_18_a_check_of_something_else_than_the_cause_is_refused(case):
    await case.verified()
    path = f"{case.path}/effectiveness"
    told = await refused(case.planner, path, case.check_body(defect_codes=["NODEFECT"]), 409, "check-misses-defect")
    assert [one["field"] for one in told["errors"]] == ["/defect_codes"]
    told = await refused(case.planner, path, case.check_body(products=["P-OTHER"]), 409, "check-misses-product")
    assert told["facts"] == {"missing": [case.product]}


async def test_effectiveness_is_confirmed_with_enough_units_after_the_window_at_the_target(case):
    await case.verified()
    path, note = f"{case.path}/effectiveness/confirm", {"note": "达成"}
    await refused(case.manager, path, note, 409, "no-effectiveness-check")
    await case.measured(units=9_999)
    told = await refused(case.manager, path, note, 409, "too-few-units")
    assert told["facts"] == {"units": 9_999, "minimum_units": 10_000}
    running = TODAY.isoformat()
    await case.measured(made_to=running)
    told = await refused(case.manager, path, note, 409, "window-not-elapsed")
    assert told["facts"] == {"made_to": running, "measured_on": running}
    await case.measured(bad=9)
    told = await refused(case.manager, path, note, 409, "target-missed")
    assert told["facts"]["target_ppm"] == "50"
    await ask(case.planner, f"{case.path}/effectiveness/fail", note)
    await refused(case.manager, path, note, 409, "nothing-measured")


async def test_effectiveness_is_confirmed_by_who_neither_owns_nor_completed_an_action(case):
    action = await case.started()
    doer = case.person("doer")
    await ask(doer, f"{action}/complete", completion())
    await ask(case.verifier, f"{action}/verify", VERIFIED)
    await case.measured()
    for person in (case.owner, doer):
        told = await refused(person, f"{case.path}/effectiveness/confirm", {"note": "x"}, 403, "confirmer-involved")
        assert told["facts"] == {"action_no": 1}
    await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "0 ppm"})
    await refused(case.planner, f"{case.path}/effectiveness/measure", None, 409, "effectiveness-is-confirmed")


async def test_effectiveness_waits_for_every_measure(case):
    await case.verified()
    await case.completed()
    await case.measured()
    told = await refused(case.manager, f"{case.path}/effectiveness/confirm", {"note": "x"}, 409, "actions-unverified")
    assert told["facts"] == {"actions": [2]}
    assert "(" not in told["detail"]


async def test_rule_15_it_closes_only_when_nothing_is_missing_and_says_all_at_once(case):
    await case.planned()
    told = await refused(case.manager, f"{case.path}/close", None, 409, "capa-not-complete")
    for zh, en in (
        ("措施 1 未验证也未取消", "action 1 is neither verified nor cancelled"),
        ("未记录相似情况检索", "no similarity search is recorded"),
        ("PFMEA／控制计划未评审", "PFMEA and control plan are not reviewed"),
        ("效果未确认", "effectiveness is not confirmed"),
        ("未记录经验教训", "no lesson is recorded"),
    ):
        assert zh in told["zh"]
        assert en in told["detail"]
    codes = [one["code"] for one in told["facts"]["missing"]]
    assert codes == [one["code"] for one in (await case.view())["missing"]]


async def test_rule_15_the_lesson_is_the_last_thing_missing(case):
    await case.verified()
    await case.searched_and_reviewed()
    await case.measured()
    await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "0 ppm"})
    told = await refused(case.manager, f"{case.path}/close", None, 409, "capa-not-complete")
    assert told["facts"]["missing"] == [{"code": "lesson", "which": None}]
    await ask(case.planner, f"{case.path}/lessons", {"lesson": "互锁"})
    await ask(case.manager, f"{case.path}/close")


async def test_a_control_plan_is_updated_with_documents_or_not_needed_with_a_reason(case):
    path = f"{case.path}/control-plan"
    assert fields(await refused(case.planner, path, {"updated": True}, 422, "documents-missing")) == ["/documents"]
    assert fields(await refused(case.planner, path, {"updated": False}, 422, "reason-missing")) == ["/reason"]
    await ask(case.planner, path, {"updated": False, "reason": "现有控制已足够"})


async def test_closed_is_closed_until_reopened(case):
    await case.ready_to_close()
    await refused(case.manager, f"{case.path}/reopen", {"reason": "x"}, 409, "capa-is-open")
    await ask(case.manager, f"{case.path}/close")
    for path, body in (
        ("actions", case.plan_body()),
        ("close", None),
        ("lessons", {"lesson": "x"}),
        ("effectiveness", case.check_body()),
        ("actions/1/cancel", {"reason": "x"}),
    ):
        await refused(case.manager, f"{case.path}/{path}", body, 409, "capa-is-closed")


async def test_closing_and_reopening_are_for_the_manager(case):
    for path, body in (("close", None), ("reopen", {"reason": "x"})):
        await refused(case.planner, f"{case.path}/{path}", body, 403, "role-missing")


@pytest.mark.parametrize("role", ["auditor", "service_agent", "supplier"])
async def test_who_only_reads_writes_nothing(case, role):
    reader = case.person("r", role)
    await refused(reader, f"{case.path}/actions", case.plan_body(), 403, "role-missing")
    expected = 403 if role == "supplier" else 200
    assert (await reader.get(f"{API}{case.path}")).status_code == expected


async def test_a_stale_version_is_412_and_a_fresh_one_is_taken(case):
    action = await case.planned()
    version = (await case.planner.get(f"{API}{case.path}")).headers["etag"]
    told = await refused(case.manager, f"{action}/approve", None, 412, "version-conflict", **{"If-Match": '"1"'})
    assert told["facts"]["expected"] == 1
    await refused(case.manager, f"{action}/approve", None, 400, "bad-header", **{"If-Match": "*"})
    await ask(case.manager, f"{action}/approve", **{"If-Match": version})


async def test_the_key_is_needed_to_plan_and_never_stands_for_two_requests(case):
    path = f"{API}{case.path}/actions"
    missing = await case.planner.post(path, json=case.plan_body())
    assert (missing.status_code, missing.json()["type"]) == (400, "urn:suyuan:problem:missing-header")
    same = key()
    assert (await case.planner.post(path, json=case.plan_body(), headers=same)).status_code == 201
    told = await refused(
        case.planner, f"{case.path}/actions", case.plan_body(title="另一项"), 422, "key-reused", **same
    )
    assert told["title"] == "Idempotency key used before"


async def test_what_is_not_there_is_not_found_and_named(case):
    nobody, action = f"/capas/{new_id()}", f"{case.path}/actions/9"
    told = await refused(case.planner, f"{nobody}/lessons", {"lesson": "x"}, 404, "not-found")
    assert (told["facts"]["what"], told["zh"][:8]) == ("capa", "找不到：CAPA")
    told = await refused(case.manager, f"{action}/approve", None, 404, "not-found")
    assert told["facts"]["what"] == "action"
    assert told["zh"].startswith("找不到：措施")
    await refused(case.planner, f"{nobody}/effectiveness/measure", None, 404, "not-found")
    unread = await case.planner.get(f"{API}{nobody}", headers={"Accept-Language": "zh-CN"})
    assert (unread.status_code, unread.json()["detail"]) == (404, f"找不到：CAPA {nobody[7:]}")


async def test_a_foreign_tenant_finds_nothing(case):
    stranger = case.person("s", "quality_manager", tenant="t2")
    assert (await stranger.get(f"{API}{case.path}")).status_code == 404
    await refused(stranger, f"{case.path}/lessons", {"lesson": "x"}, 404, "not-found")
    for path in ("capas", "actions", "knowledge?q=a"):
        assert (await stranger.get(f"{API}/{path}")).json()["items"] == []


async def test_a_mistyped_field_or_parameter_is_refused(case):
    told = await refused(case.planner, f"{case.path}/lessons", {"lesson": "x", "keyword": []}, 422, "invalid-request")
    assert fields(told) == ["/keyword"]
    for query in ("state=open", "sort=title", "investigation_id=7", "cursor=abc", "limit=0"):
        answer = await case.planner.get(f"{API}/capas?{query}")
        assert answer.status_code in {400, 422}, query
