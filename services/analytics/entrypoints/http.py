"""REST of KPIs and charts, each now or as of any moment of knowledge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Response

from services.analytics.domain import charts
from services.analytics.domain.kpi.failures import pareto_by_defect, pareto_by_node
from services.analytics.domain.kpi.kaplan_meier import Step
from services.analytics.domain.kpi.on_time import on_time
from services.analytics.domain.kpi.pareto import share_of
from services.analytics.domain.kpi.responsibility import by_party
from services.analytics.domain.kpi.stage_times import StageTime, stage_times
from services.analytics.domain.kpi.status_board import status_board
from services.analytics.domain.kpi.volume import volume
from services.analytics.domain.slices import Granularity, by_period, by_product
from services.analytics.entrypoints import shapes
from services.analytics.entrypoints.asking import READERS, Product, Question, Since, Zone, asking
from shared.adapters.http.answers import answers, view
from shared.adapters.http.conventions import ReadingAsOf
from shared.adapters.http.policy import policy
from shared.adapters.runtime import Resources, Views

Chart = Literal["pareto", "nodes", "trend", "on-time", "stage-times", "status", "responsibility"]

MAX_STEPS = 200
"""Of a survival curve as it is answered: more than a chart can show."""


def routes(resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["指标 analytics"], dependencies=[policy(*READERS)])

    asked = asking(resources, views)

    @router.get("/kpis", operation_id="getKpis", dependencies=[answers(shapes.KPIS)])
    async def kpis(
        read: ReadingAsOf,
        since: Since = None,
        until: Since = None,
        product: Product = None,
        granularity: Granularity = "month",
        zone: Zone = None,
    ) -> Response:
        """指标 · Status board, volume, stage times, on-time closure, Pareto and shares, by period and product."""
        question = await asked(read, since, until, product, granularity, zone)
        return view(_kpis(question), positions=question.known.positions)

    @router.get("/charts/{chart}", operation_id="getChart", dependencies=[answers(shapes.CHART)])
    async def one_chart(
        chart: Chart,
        read: ReadingAsOf,
        since: Since = None,
        until: Since = None,
        product: Product = None,
        granularity: Granularity = "month",
        zone: Zone = None,
    ) -> Response:
        """图表 · The data and an ECharts option."""
        question = await asked(read, since, until, product, granularity, zone)
        data, option = _CHARTS[chart](question)
        return view({"chart": chart, "data": data, "option": option}, positions=question.known.positions)

    @router.get("/responsibility", operation_id="getResponsibility", dependencies=[answers(shapes.PARTIES)])
    async def responsibility(
        read: ReadingAsOf, since: Since = None, until: Since = None, product: Product = None
    ) -> Response:
        """责任统计（部门只看到自己的） · Confirmed shares by party; a department sees its own."""
        question = await asked(read, since, until, product, "month", None)
        return view({"items": by_party(question.shares)}, positions=question.known.positions)

    return router


def _kpis(question: Question) -> dict[str, Any]:
    facts, due, moment = question.known.facts, question.known.due, question.moment
    return {
        "as_of": moment,
        "status_board": status_board(facts.cases, facts.investigations, facts.capas, moment),
        "volume": volume(facts.cases),
        "volume_by_period": _volumes_by_period(question),
        "volume_by_product": {name: volume(group) for name, group in by_product(facts.cases).items()},
        "stage_times": [_stage(one) for one in stage_times(facts.cases, moment)],
        "on_time": on_time(due, moment),
        "on_time_by_period": _on_time_by_period(question),
        "on_time_by_product": {name: on_time(group, moment) for name, group in by_product(due).items()},
        "pareto_by_defect": pareto_by_defect(facts.items),
        "pareto_by_node": pareto_by_node(facts.causes),
        "responsibility": by_party(question.shares),
    }


def _volumes_by_period(question: Question) -> Mapping[str, Any]:
    groups = by_period(question.known.facts.cases, lambda case: case.received_at, question.granularity, question.zone)
    return {name: volume(group) for name, group in groups.items()}


def _on_time_by_period(question: Question) -> Mapping[str, Any]:
    groups = by_period(question.known.due, lambda case: case.promised_at, question.granularity, question.zone)
    return {name: on_time(group, question.moment) for name, group in groups.items()}


def _pareto(question: Question) -> tuple[Any, Any]:
    bars = pareto_by_defect(question.known.facts.items)
    return bars, charts.pareto_option(bars, "pareto_defect", question.language)


def _nodes(question: Question) -> tuple[Any, Any]:
    bars = pareto_by_node(question.known.facts.causes)
    return bars, charts.pareto_option(bars, "pareto_node", question.language)


def _trend(question: Question) -> tuple[Any, Any]:
    groups = _volumes_by_period(question)
    return groups, charts.volume_option(groups, question.language)


def _on_time(question: Question) -> tuple[Any, Any]:
    groups = _on_time_by_period(question)
    return groups, charts.on_time_option(groups, question.language)


def _stage_times(question: Question) -> tuple[Any, Any]:
    times = stage_times(question.known.facts.cases, question.moment)
    return [_stage(one) for one in times], charts.stage_times_option(times, question.language)


def _stage(time: StageTime) -> dict[str, Any]:
    """Durations in seconds; the share that lasts longer, to 4 decimals (Kaplan–Meier), at most at MAX_STEPS of them."""
    return {
        "stage": time.stage,
        "started": time.started,
        "ended": time.ended,
        "under_way": time.under_way,
        "backwards": time.backwards,
        "median_seconds": None if time.median is None else time.median.total_seconds(),
        "curve": [
            {
                "seconds": step.duration.total_seconds(),
                "under_way": step.under_way,
                "ended": step.ended,
                "surviving": share_of(step.surviving.numerator, step.surviving.denominator),
            }
            for step in _thinned(time.steps)
        ],
    }


def _thinned(steps: Sequence[Step[timedelta]]) -> Sequence[Step[timedelta]]:
    """Every nth step, the last one always: each that stays is exact."""
    if len(steps) <= MAX_STEPS:
        return steps
    stride = -(-len(steps) // (MAX_STEPS - 1))
    return [*steps[:-1:stride], steps[-1]]


def _status(question: Question) -> tuple[Any, Any]:
    facts = question.known.facts
    board = status_board(facts.cases, facts.investigations, facts.capas, question.moment)
    return board, charts.status_board_option(board, question.language)


def _responsibility(question: Question) -> tuple[Any, Any]:
    records: Sequence[Any] = by_party(question.shares)
    return records, charts.responsibility_option(records, question.language)


_CHARTS: Mapping[str, Callable[[Question], tuple[Any, Any]]] = {
    "pareto": _pareto,
    "nodes": _nodes,
    "trend": _trend,
    "on-time": _on_time,
    "stage-times": _stage_times,
    "status": _status,
    "responsibility": _responsibility,
}
