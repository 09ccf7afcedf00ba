"""As of when, by whom, and what can't be asked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.integration.analytics.scenario import NOW
from tests.integration.speaking import API, look

PATHS = ("/kpis", "/charts/trend", "/responsibility")
CHINESE = re.compile(r"[一-鿿]")


async def test_as_of_a_time_it_knows_what_was_known_then(told):
    then = await look(told.app.client("auditor"), "/kpis", as_of="2026-01-20T00:00:00Z")
    assert (then["as_of"], then["volume"]["complaints"]) == ("2026-01-20T00:00:00Z", 1)
    assert (then["on_time"]["due"], then["on_time"]["not_due"]) == (0, 1)  # due on the 25th
    assert [(one["party_code"], one["appealed"]) for one in then["responsibility"]] == [
        ("S-07", 0),
        ("production", 0),
        ("quality", 0),
    ]
    before = await look(told.app.client("auditor"), "/kpis", as_of="2026-01-14T00:00:00Z")
    assert before["status_board"]["complaints"]["resolved"] == 1
    nothing = await look(told.app.client("auditor"), "/kpis", as_of="2020-01-01T00:00:00Z")
    assert nothing["volume"]["complaints"] == 0


async def test_as_of_positions_the_answer_is_the_same_for_ever(told):
    auditor = told.app.client("auditor")
    first = await auditor.get(f"{API}/kpis", params={"as_of": "intake:1"})
    assert first.json()["status_board"]["complaints"]["registered"] == 1
    assert first.json()["as_of"] == "2026-01-05T01:00:00Z"  # when the last of them was recorded
    told.clock.now = NOW + timedelta(minutes=5)
    again = await auditor.get(f"{API}/kpis", params={"as_of": "intake:1"})
    assert again.content == first.content
    assert first.headers["suyuan-position"] == "intake:1,investigation:0,capa:0"


async def test_now_and_as_of_now_are_the_same_figures(told):
    auditor = told.app.client("auditor")
    now = await look(auditor, "/kpis", told.vector)
    assert await look(auditor, "/kpis", as_of="2026-03-10T00:00:00Z") == now
    for query in ({"product": "P-1"}, {"since": "2026-02-01T00:00:00Z"}, {"until": "2026-02-01T00:00:00Z"}):
        asked = await look(auditor, "/kpis", told.vector, **query)
        assert await look(auditor, "/kpis", as_of="2026-03-10T00:00:00Z", **query) == asked


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"since": "yesterday"}, 400, "since"),
        ({"since": "2026-01-01T00:00:00"}, 400, "since"),
        ({"until": "1767294245"}, 400, "until"),
        ({"since": "intake:3"}, 400, "since"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-02-01T08:00:00+08:00"}, 400, "until"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, 400, "until"),
        ({"as_of": "then"}, 400, "as_of"),
        ({"as_of": "intake:-1"}, 400, "as_of"),
        ({"limit": "10"}, 422, "limit"),
        ({"produkt": "P-1"}, 422, "produkt"),
    ],
)
async def test_what_cannot_be_asked_is_named_in_both_languages(told, query, status, field):
    for path in PATHS:
        for language in ("zh-CN", "en"):
            answer = await told.app.client("auditor", language=language).get(f"{API}{path}", params=query)
            assert answer.status_code == status, path
            problem = answer.json()
            assert [(one["in"], one["field"]) for one in problem["errors"]] == [("query", field)]
            for text in (problem["detail"], problem["errors"][0]["detail"]):
                assert bool(CHINESE.search(text)) == (language == "zh-CN"), text


@pytest.mark.parametrize(
    ("query", "status"),
    [({"zone": "Mars/Olympus"}, 400), ({"zone": "../../etc/passwd"}, 400), ({"granularity": "fortnight"}, 422)],
)
async def test_a_zone_or_length_that_is_none_is_refused(told, query, status):
    for path in PATHS[:2]:
        answer = await told.app.client("auditor").get(f"{API}{path}", params=query)
        assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (status, [*query])


@pytest.mark.parametrize(("role", "status"), [("supplier", 403), ("privacy_officer", 403), (None, 401)])
async def test_who_may_not_ask(told, role, status):
    for path in PATHS:
        answer = await told.app.client(role, language="zh-CN").get(f"{API}{path}")
        assert answer.status_code == status
        assert CHINESE.search(answer.json()["detail"])


@pytest.mark.parametrize(
    "role", ["service_agent", "quality_engineer", "quality_manager", "department_lead", "auditor", "admin"]
)
async def test_who_may(told, role):
    for path in PATHS:
        assert (await told.app.client(role).get(f"{API}{path}")).status_code == 200


async def test_a_position_not_come_to_yet_is_said_so(told):
    answer = await told.app.client("auditor").get(f"{API}/kpis", headers={"Suyuan-After": "intake:999999"})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:suyuan:problem:view-behind")
    assert answer.headers["retry-after"] == "1"
