"""Figures as ECharts options: plain dicts that `echarts.setOption` takes as they are.

Titles and series are said in zh or en. Numbers become float only here, at the very end, since charts draw pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services.analytics.domain.facts import VERDICTS
from services.analytics.domain.kpi.failures import NO_CODE
from services.analytics.domain.kpi.on_time import OnTime
from services.analytics.domain.kpi.pareto import Bar
from services.analytics.domain.kpi.responsibility import PartyRecord
from services.analytics.domain.kpi.stage_times import STAGES, StageTime
from services.analytics.domain.kpi.status_board import StatusBoard
from services.analytics.domain.kpi.volume import Volume
from shared.contracts.words import label

Option = dict[str, Any]
HOUR = timedelta(hours=1)

WORDS: Mapping[str, tuple[str, str]] = {
    "count": ("数量", "Count"),
    "cumulative": ("累计占比", "Cumulative share"),
    "pareto_defect": ("缺陷柏拉图", "Pareto by defect"),
    "pareto_node": ("流程节点柏拉图", "Pareto by process node"),
    "unclassified": ("未分类", "Unclassified"),
    "volume": ("投诉量", "Complaints received"),
    "justified": ("属实", "Justified"),
    "not_justified": ("不属实", "Not justified"),
    "ntf": ("未发现故障", "No trouble found"),
    "pending": ("待验证", "Pending"),
    "stage_times": ("各阶段用时（中位数，小时）", "Stage times (median, hours)"),
    "hours": ("小时", "Hours"),
    "on_time_title": ("按期关闭率", "On-time closure"),
    "on_time": ("按期关闭", "On time"),
    "closed_late": ("逾期关闭", "Closed late"),
    "open_late": ("逾期未关闭", "Open and late"),
    "rate": ("按期率", "On-time rate"),
    "board": ("投诉状态", "Complaints by status"),
    "responsibility": ("责任记录（百分点）", "Responsibility records (percent points)"),
    "percent": ("责任占比合计", "Sum of shares"),
}


def word(key: str, language: str) -> str:
    """A chart's own word, else the field's vocabulary, else the key itself (a code, a node)."""
    pair = WORDS.get(key)
    if pair is None:
        return label(key, language)
    return pair[0] if language.startswith("zh") else pair[1]


def pareto_option(bars: Sequence[Bar], title: str, language: str) -> Option:
    """Stacked bars in falling order and the cumulative share as a line on a second axis from 0 to 100 %."""
    parts = sorted({part for bar in bars for part in bar.split})
    stacked = [_bars(word(part, language), [bar.split.get(part, 0) for bar in bars], stack="all") for part in parts]
    cumulative = [float(bar.cumulative * 100) for bar in bars]
    line = _line(word("cumulative", language), cumulative, axis=1)
    labels = [word("unclassified", language) if bar.label == NO_CODE else bar.label for bar in bars]
    option = _frame(word(title, language), labels, [*stacked, line])
    option["yAxis"] = [_value_axis(word("count", language)), _percent_axis()]
    return option


def volume_option(groups: Mapping[str, Volume], language: str) -> Option:
    """Complaints by period or product, stacked by verdict."""
    series = [
        _bars(word(verdict, language), [one.by_verdict[verdict] for one in groups.values()], stack="all")
        for verdict in VERDICTS
    ]
    return _frame(word("volume", language), list(groups), series)


def on_time_option(groups: Mapping[str, OnTime], language: str) -> Option:
    """What fell due by period or product, stacked, and the rate as a line; no point where nothing fell due."""
    counts = ("on_time", "closed_late", "open_late")
    series = [
        _bars(word(name, language), [getattr(one, name) for one in groups.values()], stack="all") for name in counts
    ]
    rates = [None if one.rate is None else float(one.rate * 100) for one in groups.values()]
    option = _frame(word("on_time_title", language), list(groups), [*series, _line(word("rate", language), rates, 1)])
    option["yAxis"] = [_value_axis(word("count", language)), _percent_axis()]
    return option


def stage_times_option(times: Sequence[StageTime], language: str) -> Option:
    """The median of each stage in hours; no bar where more than half are still under way."""
    names = [STAGES[one.stage].zh if language.startswith("zh") else STAGES[one.stage].en for one in times]
    series = [_bars(word("hours", language), [None if one.median is None else hours(one.median) for one in times])]
    return _frame(word("stage_times", language), names, series)


def status_board_option(board: StatusBoard, language: str) -> Option:
    """Complaints by status."""
    names = [word(status, language) for status in board.complaints]
    series = [_bars(word("count", language), list(board.complaints.values()))]
    return _frame(word("board", language), names, series)


def responsibility_option(records: Sequence[PartyRecord], language: str) -> Option:
    """The sum of confirmed shares by party."""
    names = [f"{word(one.party_kind, language)} {one.party_code}" for one in records]
    series = [_bars(word("percent", language), [float(one.percent) for one in records])]
    return _frame(word("responsibility", language), names, series)


def hours(duration: timedelta) -> float:
    """Hours to 2 decimals."""
    microseconds = duration // timedelta(microseconds=1)
    return float((Decimal(microseconds) / (HOUR // timedelta(microseconds=1))).quantize(Decimal("0.01")))


def _frame(title: str, categories: list[str], series: list[Option]) -> Option:
    return {
        "title": {"text": title},
        "tooltip": {"trigger": "axis"},
        "legend": {"top": "bottom", "data": [one["name"] for one in series]},
        "grid": {"containLabel": True},
        "xAxis": {"type": "category", "data": categories},
        "yAxis": [_value_axis("")],
        "series": series,
    }


def _bars(name: str, data: Sequence[float | None], stack: str | None = None) -> Option:
    bars: Option = {"type": "bar", "name": name, "data": list(data)}
    return bars if stack is None else bars | {"stack": stack}


def _line(name: str, data: Sequence[float | None], axis: int) -> Option:
    return {"type": "line", "name": name, "data": list(data), "yAxisIndex": axis}


def _value_axis(name: str) -> Option:
    return {"type": "value", "name": name, "minInterval": 1}


def _percent_axis() -> Option:
    return {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}}
