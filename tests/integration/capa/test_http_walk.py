"""A CAPA over HTTP: from the cause that opens it to its closure, and what is read of it."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.capa.improving import CUT_IN, DAY, LAST_DAY, TODAY, completion, improvement, review_of
from tests.integration.speaking import API, ask, key, look

MINUTE = timedelta(minutes=1)


async def test_rule_15_a_confirmed_root_cause_opens_it(case):
    view = await case.view()
    assert (view["status"], view["effectiveness"], view["actions"]) == ("open", "none", [])
    [cause] = view["causes"]
    assert cause["cause"]["root_cause_id"] == str(case.root)
    assert view["capa_no"].startswith("A2026-")
    assert [one["code"] for one in view["missing"]] == [
        "no_action_verified",
        "similarity_search",
        "control_plan_review",
        "effectiveness",
        "lesson",
    ]


async def test_it_is_called_id_and_what_it_names_by_its_kind(case):
    made = await ask(case.planner, f"{case.path}/actions", case.plan_body(), 201)
    assert (made["capa_id"], made["action_no"]) == (case.id, 1)
    done = await ask(case.planner, f"{case.path}/lessons", {"lesson": "x"})
    [listed] = (await look(case.planner, "/capas", done["at"], product=case.product))["items"]
    assert (done["id"], listed["id"], (await case.view())["id"]) == (case.id,) * 3
    assert listed["investigations"] == [str(case.investigation)]
    [action] = (await look(case.planner, "/actions", capa_id=case.id))["items"]
    assert (action["capa_id"], "id" in action) == (case.id, False)


async def test_the_whole_walk_to_closure(case):
    action = await case.planned()
    await ask(case.manager, f"{action}/approve")
    await ask(case.owner, f"{action}/start")
    await ask(case.owner, f"{action}/complete", completion())
    await ask(case.verifier, f"{action}/verify", {"met_criterion": True, "note": "5 批均合格"})
    await case.searched_and_reviewed()
    measured = await case.measured(bad=1)
    assert (measured["units"], measured["confirmed_bad"], measured["ppm"]) == (40_000, "1", "25.000")
    assert (measured["made_from"], measured["made_to"]) == (CUT_IN.isoformat(), LAST_DAY.isoformat())
    [seen] = (await case.view(after=case.heard))["recurrences"]  # rule 18: the bad unit waits for a person
    await ask(case.manager, review_of(case, seen["suspected"]), {"verdict": "other_cause", "reason": "划伤，非开裂"})
    await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "25 ppm"})
    await ask(case.planner, f"{case.path}/lessons", {"lesson": f"互锁 {case.product}", "keywords": ["保压"]})
    done = await ask(case.manager, f"{case.path}/close")
    view = await case.view()
    assert (view["status"], view["effectiveness"], view["cut_in"]) == ("closed", "confirmed", CUT_IN.isoformat())
    assert view["missing"] == []
    [seen] = view["actions"]
    assert [(step["en"], step["by"]) for step in seen["history"]] == [
        ("Action planned", "planner"),
        ("Action approved", "manager"),
        ("Action started", "owner"),
        ("Action completed", "owner"),
        ("Action verified", "verifier"),
    ]
    found = await look(case.planner, "/knowledge", done["at"], q=case.product)
    assert [row["lessons"][0]["lesson"] for row in found["items"]] == [f"互锁 {case.product}"]
    listed = await look(case.planner, "/capas", done["at"], product=case.product)
    assert [(row["status"], row["actions_open"]) for row in listed["items"]] == [("closed", 0)]


async def test_knowledge_is_found_by_its_words_and_not_by_how_it_is_kept(case):
    lesson = {"lesson": "保压时间需要互锁", "keywords": [f"K{case.product}"]}
    done = await ask(case.planner, f"{case.path}/lessons", lesson)
    [row] = (await look(case.planner, "/knowledge", done["at"], q=f"k{case.product}".lower()))["items"]
    assert row["lessons"] == [lesson]
    assert (await look(case.planner, "/knowledge", q="keywords"))["items"] == []


async def test_reopened_it_shows_its_effect_anew(case):
    await case.ready_to_close()
    await ask(case.manager, f"{case.path}/close")
    await ask(case.manager, f"{case.path}/reopen", {"reason": "同类投诉再次出现"})
    view = await case.view()
    assert (view["status"], view["effectiveness"]) == ("open", "none")
    assert [one["code"] for one in view["missing"]] == ["effectiveness"]
    assert view["history"][-1]["words"] == "同类投诉再次出现"


async def test_as_of_shows_what_was_known_then(case):
    told = await ask(case.planner, f"{case.path}/actions", case.plan_body())
    await ask(case.manager, f"{case.path}/actions/1/approve")
    then = await case.view(as_of=told["at"])
    assert (then["actions"][0]["status"], (await case.view())["actions"][0]["status"]) == ("planned", "approved")


async def test_actions_are_listed_by_due_date_owner_and_page(case):
    for days, owner in ((5, "li"), (3, "wang"), (9, "li")):
        await case.planned(due_date=(TODAY + days * DAY).isoformat(), owner=f"{owner}-{case.product}")
    done = await ask(case.planner, f"{case.path}/actions/1/cancel", {"reason": "合并到措施 3"})
    query = {"capa_id": case.id, "limit": 2}
    first = await look(case.planner, "/actions", done["at"], **query)
    second = await look(case.planner, "/actions", cursor=first["next"], **query)
    assert [row["action_no"] for row in (*first["items"], *second["items"])] == [2, 1, 3]
    assert second["next"] is None
    mine = await look(case.planner, "/actions", owner=f"li-{case.product}", open_only=True)
    assert [(row["action_no"], row["capa_no"]) for row in mine["items"]] == [(3, (await case.view())["capa_no"])]
    soon = await look(case.planner, "/actions", capa_id=case.id, due_by=(TODAY + 3 * DAY).isoformat())
    assert [row["action_no"] for row in soon["items"]] == [2]


async def test_the_list_pages_in_each_order(app, clock):
    reader = app.client("auditor", tenant="paging")
    for _ in range(3):
        await improvement(app, "paging")
        clock.now += MINUTE
    for sort in ("opened_at", "-opened_at", "capa_no", "-capa_no"):
        numbers, cursor = [], None
        while True:
            query = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = await look(reader, "/capas", **query)
            numbers += [row["capa_no"] for row in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        expected = [f"A2026-{n:04d}" for n in (1, 2, 3)]
        assert numbers == (expected[::-1] if sort.startswith("-") else expected)


async def test_a_plan_repeated_with_its_key_is_one_action(case):
    same, body = key(), case.plan_body()
    answers = [await case.planner.post(f"{API}{case.path}/actions", json=body, headers=same) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert len((await case.view())["actions"]) == 1


async def test_a_returned_action_is_planned_anew_under_its_number(case):
    action = await case.planned()
    await ask(case.manager, f"{action}/return", {"reason": "标准无法测量"})
    again = await ask(case.planner, f"{case.path}/actions", case.plan_body(criterion="Cpk ≥ 1.33", revises=1), 201)
    [seen] = (await case.view())["actions"]
    assert (again["action_no"], seen["criterion"], seen["status"]) == (1, "Cpk ≥ 1.33", "planned")
    assert seen["history"][1]["words"] == "标准无法测量"
