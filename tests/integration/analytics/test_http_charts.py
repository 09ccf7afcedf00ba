"""Each chart is the very figures of the KPIs, and an ECharts option that holds them, in either language."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.speaking import API, look

CHARTS = {
    "pareto": "pareto_by_defect",
    "nodes": "pareto_by_node",
    "trend": "volume_by_period",
    "on-time": "on_time_by_period",
    "stage-times": "stage_times",
    "status": "status_board",
    "responsibility": "responsibility",
}


async def chart(told, name: str, language: str = "en", **query: Any) -> dict[str, Any]:
    return await look(told.app.client("auditor", language=language), f"/charts/{name}", told.vector, **query)


def series(option: dict[str, Any]) -> dict[str, list[Any]]:
    return {one["name"]: one["data"] for one in option["series"]}


def bars(option: dict[str, Any], nth: int = 0) -> dict[str, Any]:
    return dict(zip(option["xAxis"]["data"], option["series"][nth]["data"], strict=True))


@pytest.mark.parametrize("name", CHARTS)
async def test_the_data_are_the_figures_of_the_kpis(told, name):
    for query in ({}, {"product": "P-2"}, {"since": "2026-02-01T00:00:00+08:00"}, {"product": "P-404"}):
        figures = await look(told.app.client("auditor"), "/kpis", told.vector, **query)
        said = await chart(told, name, **query)
        assert (said["chart"], said["data"]) == (name, figures[CHARTS[name]])
        for one in said["option"]["series"]:
            assert len(one["data"]) == len(said["option"]["xAxis"]["data"])


async def test_pareto_by_defect_in_both_languages(told):
    zh, en = [(await chart(told, "pareto", language))["option"] for language in ("zh-CN", "en")]
    assert zh["title"]["text"] == "缺陷柏拉图"
    assert zh["xAxis"]["data"] == ["D-7", "未分类", "D-8", "D-9"]
    assert en["xAxis"]["data"] == ["D-7", "Unclassified", "D-8", "D-9"]
    assert series(zh) == {
        "属实": [0, 0, 1, 0],
        "未发现故障": [1, 0, 0, 0],
        "待验证": [1, 1, 0, 1],
        "累计占比": [40.0, 60.0, 80.0, 100.0],
    }
    assert list(series(en)) == ["Justified", "No trouble found", "Pending", "Cumulative share"]


async def test_pareto_by_node_is_split_by_leg(told):
    option = (await chart(told, "nodes", "zh-CN"))["option"]
    assert option["xAxis"]["data"] == ["op-20", "iqc"]
    assert series(option) == {
        "流出原因": [0, 1],
        "发生原因": [1, 0],
        "体系原因": [1, 0],
        "累计占比": [66.67, 100.0],
    }


async def test_trend_and_on_time_by_month(told):
    trend = (await chart(told, "trend"))["option"]
    assert trend["xAxis"]["data"] == ["2026-01", "2026-02", "2026-03"]
    assert series(trend) == {
        "Justified": [1, 0, 0],
        "Not justified": [0, 0, 0],
        "No trouble found": [0, 1, 0],
        "Pending": [0, 1, 1],
    }
    on_time = (await chart(told, "on-time", "zh-CN"))["option"]
    assert series(on_time) == {
        "按期关闭": [1, 0, 0],
        "逾期关闭": [0, 1, 0],
        "逾期未关闭": [0, 0, 1],
        "按期率": [100.0, 0.0, 0.0],
    }


async def test_stage_times_status_and_responsibility(told):
    stages = bars((await chart(told, "stage-times"))["option"])
    assert (stages["Acknowledgement"], stages["First response"]) == (1.0, None)
    assert (stages["Remedy"], stages["Time to closure (MTTC)"]) == (48.0, 600.0)
    board = bars((await chart(told, "status", "zh-CN"))["option"])
    assert (board["已登记"], board["已受理"], board["已关闭"]) == (1, 1, 2)
    shares = bars((await chart(told, "responsibility"))["option"])
    assert shares == {"Department production": 70.0, "Department quality": 30.0, "Supplier S-07": 0.0}


async def test_a_chart_that_is_none_is_refused(told):
    answer = await told.app.client("auditor", language="zh-CN").get(f"{API}/charts/pie")
    assert answer.status_code in {404, 422}
    assert answer.json()["type"] == "urn:suyuan:problem:invalid-request"
    assert [one["field"] for one in answer.json()["errors"]] == ["chart"]
