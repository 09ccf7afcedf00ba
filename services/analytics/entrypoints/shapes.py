"""What analytics answers, made of the figures' own types."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.analytics.domain.kpi.on_time import OnTime
from services.analytics.domain.kpi.pareto import Bar
from services.analytics.domain.kpi.responsibility import PartyRecord
from services.analytics.domain.kpi.stage_times import StageTime
from services.analytics.domain.kpi.status_board import StatusBoard
from services.analytics.domain.kpi.volume import Volume
from shared.kernel.shapes import but, items_of, several, shape

STEP = shape(
    "SurvivalStep",
    "Kaplan–Meier：`surviving` 为仍未完成的比例 · the share that lasts longer than `seconds`",
    seconds=float,
    under_way=int,
    ended=int,
    surviving=Decimal,
)
STAGE = but(
    StageTime,
    "StageTimes",
    "时长按秒 · durations in seconds; median null while more than half are under way",
    without=("median", "steps"),
    median_seconds=float | None,
    curve=several(STEP),
)
PARTIES = items_of(PartyRecord)
KPIS = shape(
    "Kpis",
    "指标，均可按时点重算 · every figure as of `as_of`; shares are those that the asker may see",
    as_of=datetime,
    status_board=StatusBoard,
    volume=Volume,
    volume_by_period=dict[str, Volume],
    volume_by_product=dict[str, Volume],
    stage_times=several(STAGE),
    on_time=OnTime,
    on_time_by_period=dict[str, OnTime],
    on_time_by_product=dict[str, OnTime],
    pareto_by_defect=list[Bar],
    pareto_by_node=list[Bar],
    responsibility=list[PartyRecord],
)
DATA = list[Bar] | dict[str, Volume] | dict[str, OnTime] | several(STAGE) | StatusBoard | list[PartyRecord]
"""By chart: pareto and nodes; trend; on-time; stage-times; status; responsibility."""
CHART = shape(
    "ChartDrawn",
    "`data` 随图表而异 · differs by chart; `option` 为 ECharts 配置 · an ECharts option",
    chart=str,
    data=DATA,
    option=dict[str, Any],
)
