"""Rule 18 over HTTP: what comes back after the cut-in waits for a person before anything is confirmed or closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.integration.capa.improving import CUT_IN, Improvement, review_of
from tests.integration.speaking import ask, look

VERDICT = {"verdict": "other_cause", "reason": "断口形貌不同"}


async def suspected(case: Improvement) -> dict[str, Any]:
    """Verified and measured, then a unit made on the day of the cut-in comes back: the suspicion it leads to."""
    await case.verified()
    await case.searched_and_reviewed()
    await case.measured(bad=1)
    [found] = (await case.view(after=case.heard))["recurrences"]
    told: dict[str, Any] = found["suspected"]
    return told


async def test_rule_18_a_unit_made_after_the_cut_in_waits_for_a_person(case):
    told = await suspected(case)
    assert (told["product"], told["production_date"], told["cut_in"]) == (case.product, "2026-06-01", "2026-06-01")
    assert (told["quantity"], told["root_causes"]) == ("1", [str(case.root)])
    refused = await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "25 ppm"}, 409)
    assert refused["type"] == "urn:suyuan:problem:recurrence-unreviewed"
    view = await case.view()
    assert {"code": "recurrence_unreviewed", "which": f"{told['complaint_no']}/1"} in view["missing"]
    listed = await look(case.planner, "/capas", product=case.product, recurrence_suspected="true")
    assert [row["recurrences_suspected"] for row in listed["items"]] == [1]
    assert (await look(case.planner, "/capas", product=case.product, recurrence_suspected="false"))["items"] == []


async def test_rule_18_another_cause_is_a_persons_word_and_the_effect_may_be_confirmed(case):
    told = await suspected(case)
    await ask(case.manager, review_of(case, told), VERDICT)
    await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "25 ppm"})
    [seen] = (await case.view())["recurrences"]
    assert (seen["reviewed"]["verdict"], seen["reviewed"]["reason"]) == ("other_cause", "断口形貌不同")
    again = await ask(case.manager, review_of(case, told), VERDICT, 409)
    assert again["type"] == "urn:suyuan:problem:recurrence-is-reviewed"


async def test_rule_18_the_same_cause_after_closure_reopens_the_capa(case):
    await case.ready_to_close()
    await ask(case.manager, f"{case.path}/close")
    await case.complained(2, CUT_IN + timedelta(days=40))
    view = await case.view(after=case.heard)
    assert (view["status"], len(view["recurrences"])) == ("closed", 1)
    same = {"verdict": "same_cause", "reason": "保压曲线同样超差"}
    await ask(case.manager, review_of(case, view["recurrences"][0]["suspected"]), same)
    view = await case.view()
    assert (view["status"], view["effectiveness"]) == ("open", "none")
    assert [one["code"] for one in view["missing"]] == ["effectiveness"]
    assert [(step["en"], step["words"]) for step in view["history"][-2:]] == [
        ("Recurrence reviewed", same["reason"]),
        ("CAPA reopened", same["reason"]),
    ]


@pytest.mark.parametrize("day", [CUT_IN - timedelta(days=1), None])
async def test_rule_18_what_was_made_before_or_nobody_knows_when_is_no_recurrence(case, day):
    await case.verified()
    await case.complained(3, day)
    assert (await case.view(after=case.heard))["recurrences"] == []


async def test_who_may_review_and_what(case):
    told = await suspected(case)
    await ask(case.owner, review_of(case, told), VERDICT, 403)
    own = await ask(case.person("owner", "quality_engineer"), review_of(case, told), VERDICT, 403)
    assert own["type"] == "urn:suyuan:problem:reviewer-involved"
    nobodys = told | {"complaint_id": str(new_id())}
    assert (await ask(case.manager, review_of(case, nobodys), VERDICT, 404))["type"].endswith(":not-found")
    wrong = await ask(case.manager, review_of(case, told), VERDICT | {"verdict": "maybe"}, 422)
    assert [one["field"] for one in wrong["errors"]] == ["/verdict"]
