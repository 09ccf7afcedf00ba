"""Charts are data: each option holds the very figures, in either language, and nothing that JSON can't carry."""

import json
from datetime import timedelta

from services.analytics.domain import charts
from services.analytics.domain.kpi.failures import pareto_by_defect
from services.analytics.domain.kpi.on_time import on_time
from services.analytics.domain.kpi.responsibility import PartyRecord
from services.analytics.domain.kpi.stage_times import stage_times
from services.analytics.domain.kpi.status_board import status_board
from services.analytics.domain.kpi.volume import volume
from tests.unit.analytics.cases import DAY, HOUR, MONDAY, case, item


def series(option):
    return {one["name"]: one["data"] for one in option["series"]}


def test_pareto_bars_and_cumulative_line():
    items = [item(1, outcome="confirmed"), item(2, defect_codes=()), item(3)]
    option = charts.pareto_option(pareto_by_defect(items), "pareto_defect", "zh-CN")
    assert option["title"]["text"] == "缺陷柏拉图"
    assert option["xAxis"]["data"] == ["D-1", "未分类"]
    assert series(option) == {"属实": [1, 0], "待验证": [1, 1], "累计占比": [66.67, 100.0]}
    assert [one["yAxisIndex"] for one in option["series"] if one["type"] == "line"] == [1]


def test_volume_stacked_by_verdict():
    option = charts.volume_option({"2026-05": volume([case(verdict="ntf"), case()])}, "en")
    assert option["xAxis"]["data"] == ["2026-05"]
    assert series(option) == {"Justified": [0], "Not justified": [0], "No trouble found": [1], "Pending": [1]}
    assert {one["stack"] for one in option["series"]} == {"all"}


def test_on_time_has_no_point_where_nothing_fell_due():
    late = on_time([case(promised_at=MONDAY, closed_at=MONDAY), case(promised_at=MONDAY)], MONDAY + DAY)
    option = charts.on_time_option({"2026-05": late, "2026-06": on_time([], MONDAY)}, "en")
    assert series(option) == {
        "On time": [1, 0],
        "Closed late": [0, 0],
        "Open and late": [1, 0],
        "On-time rate": [50.0, None],
    }


def test_stage_times_in_hours():
    option = charts.stage_times_option(stage_times([case(triaged_at=MONDAY + 1.5 * HOUR)], MONDAY + DAY), "zh")
    data = dict(zip(option["xAxis"]["data"], option["series"][0]["data"], strict=True))
    assert data["初步评估"] == 1.5
    assert data["受理"] is None


def test_status_board_and_responsibility():
    board = charts.status_board_option(status_board([case()], [], [], MONDAY), "zh")
    assert dict(zip(board["xAxis"]["data"], board["series"][0]["data"], strict=True))["已登记"] == 1
    record = PartyRecord(
        party_kind="department", party_code="production", primary=1, secondary=0, management=0, appealed=0, percent=70
    )
    option = charts.responsibility_option([record], "en")
    assert (option["xAxis"]["data"], option["series"][0]["data"]) == (["Department production"], [70.0])


def test_hours_are_exact_to_two_decimals():
    assert charts.hours(timedelta(minutes=20)) == 0.33
    assert charts.hours(timedelta(days=400)) == 9600.0


def test_every_option_is_json():
    facts = [case(promised_at=MONDAY, verdict="ntf")]
    options = [
        charts.pareto_option([], "pareto_node", "en"),
        charts.volume_option({"all": volume(facts)}, "en"),
        charts.on_time_option({"all": on_time(facts, MONDAY)}, "en"),
        charts.stage_times_option(stage_times(facts, MONDAY), "en"),
    ]
    assert json.loads(json.dumps(options, allow_nan=False)) == options
