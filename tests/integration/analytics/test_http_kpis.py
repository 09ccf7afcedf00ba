"""The figures over HTTP, against those worked out by hand from the scenario (its table stands in scenario.py)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from shared.contracts.words import ComplaintStatus
from tests.integration.speaking import API, look

ALL_STATUSES = get_args(ComplaintStatus)
DAYS = 86_400


async def kpis(told, client=None, **query: Any) -> dict[str, Any]:
    return await look(client or told.app.client("auditor"), "/kpis", told.vector, **query)


def counts(bars) -> list[tuple[str, int, str]]:
    return [(bar["label"], bar["count"], bar["cumulative"]) for bar in bars]


async def test_the_status_board(told):
    board = (await kpis(told))["status_board"]
    standing = {"registered": 1, "acknowledged": 1, "closed": 2}
    assert board["complaints"] == {status: standing.get(status, 0) for status in ALL_STATUSES}
    assert board["backlog"] == {"≤7d": {"acknowledged": 1}, "≤30d": {"registered": 1}, "≤90d": {}, ">90d": {}}
    assert (board["overdue"], board["investigations"]) == (1, {"root_cause_confirmed": 1})
    assert board["capas"] == {"open": 1}


async def test_volume_by_period_and_product(told):
    said = await kpis(told)
    assert said["volume"] == {
        "complaints": 4,
        "by_verdict": {"justified": 1, "not_justified": 0, "ntf": 1, "pending": 2},
        "by_severity": {"critical": 1, "major": 1, "untriaged": 2},
        "by_channel": {"email": 1, "internal": 1, "phone": 1, "web": 1},
    }
    months = {name: one["complaints"] for name, one in said["volume_by_period"].items()}
    assert months == {"2026-01": 1, "2026-02": 2, "2026-03": 1}  # B came on 1 February at the plant
    assert {name: one["complaints"] for name, one in said["volume_by_product"].items()} == {"P-1": 3, "P-2": 2}


async def test_periods_are_those_of_the_asked_zone_and_length(told):
    async def periods(**query):
        return {name: one["complaints"] for name, one in (await kpis(told, **query))["volume_by_period"].items()}

    assert await periods(zone="UTC") == {"2026-01": 2, "2026-02": 1, "2026-03": 1}
    assert await periods(granularity="quarter") == {"2026-Q1": 4}
    assert await periods(granularity="week") == {"2026-W02": 1, "2026-W05": 1, "2026-W07": 1, "2026-W10": 1}


async def test_stage_times_are_kaplan_meier_with_open_cases_censored(told):
    times = {one["stage"]: one for one in (await kpis(told))["stage_times"]}
    # acknowledged after half an hour (D) and an hour (A); B closed and C is open without: 3/4, then 2/4 are left
    assert times["acknowledgement"]["median_seconds"] == 3600
    assert times["acknowledgement"]["under_way"] == 2
    # D's was a machine's: one of four is answered by a person, so half never is
    assert (times["first_response"]["ended"], times["first_response"]["median_seconds"]) == (1, None)
    # closed after 10 (A) and 25 days (B); C is open for 28, D for 2 only: of three one, then of two one
    assert times["closure"]["median_seconds"] == 25 * DAYS
    assert times["closure"]["curve"] == [
        {"seconds": 10 * DAYS, "under_way": 3, "ended": 1, "surviving": "0.6667"},
        {"seconds": 25 * DAYS, "under_way": 2, "ended": 1, "surviving": "0.3333"},
    ]
    assert times["remedy"]["median_seconds"] == 2 * DAYS


async def test_on_time_closure_by_the_date_first_promised(told):
    said = await kpis(told)
    assert said["on_time"] == {
        "due": 3,
        "on_time": 1,
        "closed_late": 1,
        "open_late": 1,
        "not_due": 0,
        "without_promise": 1,
        "rate": "0.3333",
    }
    rates = {name: one["rate"] for name, one in said["on_time_by_period"].items()}
    assert rates == {"2026-01": "1.0000", "2026-02": "0.0000", "2026-03": "0.0000"}
    assert {name: one["due"] for name, one in said["on_time_by_product"].items()} == {"P-1": 2, "P-2": 2}


async def test_pareto_by_defect_and_by_node(told):
    said = await kpis(told)
    assert counts(said["pareto_by_defect"]) == [
        ("D-7", 2, "0.4000"),
        ("", 1, "0.6000"),
        ("D-8", 1, "0.8000"),
        ("D-9", 1, "1.0000"),
    ]
    assert said["pareto_by_defect"][0]["split"] == {"ntf": 1, "pending": 1}
    assert counts(said["pareto_by_node"]) == [("op-20", 2, "0.6667"), ("iqc", 1, "1.0000")]
    assert said["pareto_by_node"][0]["split"] == {"occurrence": 1, "systemic": 1}


async def test_responsibility_by_party_an_appealed_share_apart(told):
    answer = await look(told.app.client("auditor"), "/responsibility", told.vector)
    told_by_party = [(one["party_code"], one["percent"], one["appealed"]) for one in answer["items"]]
    assert told_by_party == [("production", "70", 0), ("quality", "30", 0), ("S-07", "0", 1)]
    assert [(one["primary"], one["secondary"], one["management"]) for one in answer["items"]] == [
        (1, 0, 0),
        (0, 1, 1),
        (0, 0, 0),
    ]
    assert (await kpis(told))["responsibility"] == answer["items"]


async def test_rule_13_a_department_sees_its_own_shares(told):
    lead = told.app.client("department_lead", parties=["department:quality"])
    for items in (
        (await look(lead, "/responsibility", told.vector))["items"],
        (await kpis(told, lead))["responsibility"],
        (await look(lead, "/charts/responsibility", told.vector))["data"],
    ):
        assert [one["party_code"] for one in items] == ["quality"]
    assert (await look(told.app.client("department_lead"), "/responsibility", told.vector))["items"] == []


async def test_a_slice_by_product_holds_only_what_is_of_it(told):
    said = await kpis(told, product="P-2")
    assert said["volume"]["complaints"] == 2
    assert counts(said["pareto_by_defect"]) == [("D-7", 1, "0.5000"), ("D-9", 1, "1.0000")]  # not C's other product
    assert counts(said["pareto_by_node"]) == [("op-20", 1, "1.0000")]
    assert (said["on_time"]["due"], said["responsibility"]) == (2, [])
    assert (said["status_board"]["investigations"], said["status_board"]["capas"]) == ({"root_cause_confirmed": 1}, {})


async def test_a_slice_by_period_holds_its_first_moment_and_not_its_last(told):
    said = await kpis(told, since="2026-02-01T01:00:00+08:00", until="2026-03-08T08:00:00+08:00")
    assert said["volume"]["by_channel"] == {"email": 1, "web": 1}
    assert {name: one["due"] for name, one in said["on_time_by_period"].items()} == {"2026-02": 1, "2026-03": 1}
    assert counts(said["pareto_by_node"]) == [("op-20", 1, "1.0000")]
    assert (said["status_board"]["investigations"], said["status_board"]["capas"]) == ({}, {})
    first = await kpis(told, since="2026-01-01T00:00:00Z", until="2026-01-31T17:00:00Z")
    assert (first["volume"]["complaints"], len(first["responsibility"])) == (1, 3)


@pytest.mark.parametrize("asked", [{"product": "P-404"}, {"since": "2030-01-01T00:00:00Z"}])
async def test_an_unknown_product_or_an_empty_period_is_an_empty_answer(told, asked):
    said = await kpis(told, **asked)
    assert (said["volume"]["complaints"], said["volume_by_period"], said["pareto_by_defect"]) == (0, {}, [])
    assert (said["on_time"]["due"], said["on_time"]["rate"], said["responsibility"]) == (0, None, [])
    assert set(said["status_board"]["complaints"].values()) == {0}
    assert (said["status_board"]["investigations"], said["status_board"]["capas"]) == ({}, {})
    assert {one["median_seconds"] for one in said["stage_times"]} == {None}


async def test_a_foreign_tenant_has_figures_of_its_own(told):
    said = await look(told.app.client("auditor", tenant="t2"), "/kpis")
    assert (said["volume"]["complaints"], said["status_board"]["investigations"]) == (0, {})
    assert (await look(told.app.client("auditor", tenant="t2"), "/responsibility"))["items"] == []


async def test_the_answer_names_where_the_logs_stood(told):
    answer = await told.app.client("auditor").get(f"{API}/kpis", headers={"Suyuan-After": told.vector})
    assert answer.headers["suyuan-position"] == ",".join(sorted(told.vector.split(","), key=order))


def order(part: str) -> int:
    return ["intake", "investigation", "capa"].index(part.partition(":")[0])
