"""What the investigation says of causes, and what becomes of the CAPA that answers them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts.event import Event
from shared.kernel.ids import new_id
from tests.integration.capa.improving import Improvement
from tests.integration.said import said
from tests.integration.speaking import ask
from tests.unit.capa import logs


async def told(case: Improvement, *events: Event) -> dict[str, Any]:
    """The CAPA after the investigation has said so."""
    store = case.app.elsewhere["investigation"]
    position = await said(store, "t1", "investigation", case.investigation, *events)
    return await case.view(f"investigation:{position}")


def confirmed(case: Improvement, root: Any = None) -> Event:
    event = logs.cause_confirmed(root or new_id(), join_capa=UUID(case.id))
    return replace(event, investigation_id=case.investigation, products=(case.product,))


async def test_rule_15_another_cause_joins_and_wants_its_own_answer(case):
    await case.verified()
    other = new_id()
    view = await told(case, confirmed(case, other))
    assert [one["cause"]["root_cause_id"] for one in view["causes"]] == [str(case.root), str(other)]
    assert {"code": "cause_unanswered", "which": str(other)} in view["missing"]
    await case.verified(root_cause_id=str(other))
    assert "cause_unanswered" not in {one["code"] for one in (await case.view())["missing"]}


async def test_rule_15_a_cause_that_needs_no_capa_leaves_and_ends_what_was_not_begun(case):
    view = await told(case, replace(logs.capa_not_required(case.root), investigation_id=case.investigation))
    assert (view["status"], view["causes"][0]["released"]["because"]) == ("closed", "capa_not_required")


async def test_a_withdrawn_cause_stops_no_work_but_is_answered_no_more(case):
    action = await case.planned()
    view = await told(case, replace(logs.cause_withdrawn(case.root), investigation_id=case.investigation))
    assert (view["status"], view["actions"][0]["status"]) == ("open", "planned")
    assert [one["code"] for one in view["missing"]] == ["action_unsettled", "lesson"]
    refused = await ask(case.planner, f"{case.path}/actions", case.plan_body(), 409)
    assert refused["type"] == "urn:suyuan:problem:cause-not-addressed"
    await ask(case.planner, f"{action}/cancel", {"reason": "原因已撤回"})
    await ask(case.planner, f"{case.path}/lessons", {"lesson": "先复核证据"})
    await ask(case.manager, f"{case.path}/close")


async def test_rule_18_the_cause_confirmed_again_reopens_it_and_its_effect_is_shown_anew(case):
    await case.ready_to_close()
    await ask(case.manager, f"{case.path}/close")
    view = await told(case, confirmed(case))
    assert (view["status"], view["effectiveness"]) == ("open", "none")
    assert [one["code"] for one in view["missing"]] == ["cause_unanswered", "effectiveness"]
    assert [step["en"] for step in view["history"][-2:]] == ["CAPA reopened", "Cause addressed"]


async def test_rule_17_nothing_recorded_is_changed_a_later_word_stands_beside_it(case):
    """The second measurement, the second lesson: both are read, the last one holds."""
    await case.verified()
    await case.measured(units=30_000)
    await case.measured(units=10_000)
    for words in ("先互锁", "互锁并报警"):
        await ask(case.planner, f"{case.path}/lessons", {"lesson": words})
    view = await case.view()
    assert [one["units"] for one in view["measurements"]] == [30_000, 40_000]
    assert [one["lesson"] for one in view["lessons"]] == ["先互锁", "互锁并报警"]
