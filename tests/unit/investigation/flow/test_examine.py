from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.domain.flow.examine import examine
from services.investigation.domain.flow.ledger import evolve
from services.investigation.domain.flow.map import echarts_option, flow_map
from tests.unit.investigation.case import states as s

AT = datetime(2026, 2, 1, 20, tzinfo=UTC)
RUN = s.record(
    "operation",
    1,
    lot="L-1",
    node="production",
    operation="molding",
    step=1,
    equipment="M-3",
    operator="E-9",
    started_at=AT,
    ended_at=AT + timedelta(hours=1),
)
QUALIFIED = s.record(
    "qualification", 2, operator="E-9", operation="molding", valid_from=date(2025, 1, 1), valid_to=date(2026, 2, 1)
)


def reading(value: str, row: int = 3):
    return s.record(
        "equipment_parameter",
        row,
        equipment="M-3",
        parameter="temperature",
        value=Decimal(value),
        lower_limit=Decimal(190),
        upper_limit=Decimal(210),
        unit="°C",
        lot="L-1",
        measured_at=AT,
    )


def answers(node: str, *records, zone=UTC) -> list[tuple[str, str]]:
    mapped = DEFAULT_FLOW.node(node)
    assert mapped is not None
    return [(f.kind, f.answer) for f in examine(mapped, "L-1", records, zone)]


def test_a_production_node_is_examined_by_record_parameters_and_people():
    assert answers("production", RUN, reading("200"), QUALIFIED) == [
        ("operation_record", "in_order"),
        ("equipment_parameter", "in_order"),
        ("personnel_qualification", "in_order"),
    ]


def test_a_record_missing_where_one_must_be_is_a_gap():
    assert answers("production") == [
        ("operation_record", "gap"),
        ("equipment_parameter", "gap"),
        ("personnel_qualification", "gap"),
    ]
    for mapped in DEFAULT_FLOW.nodes:
        assert {answer for _, answer in answers(mapped.node)} == {"gap"}, mapped.node


def test_a_parameter_beyond_its_limits_deviates_and_the_worst_is_quoted():
    mapped = DEFAULT_FLOW.node("production")
    found = examine(mapped, "L-1", [RUN, reading("211", 3), reading("216.5", 4), reading("200", 5), QUALIFIED])
    assert found[1].answer == "deviation"
    assert "2/3" in found[1].text_zh
    assert "216.5" in found[1].text_en
    assert [e.row for e in found[1].evidence] == [4, 3]


def test_a_qualification_counts_at_the_plants_hour():
    """20:00 UTC on 1 February is already 2 February in Shanghai, a day after the certificate ran out."""
    records = (RUN, reading("200"), QUALIFIED)
    assert answers("production", *records)[2][1] == "in_order"
    assert answers("production", *records, zone=ZoneInfo("Asia/Shanghai"))[2][1] == "deviation"


def inspection(row: int = 6, **fields):
    return s.record("final_inspection", row, lot="L-1", report="F-1", characteristic="length", **fields)


def test_an_inspection_deviates_by_its_result_or_by_its_own_value():
    assert answers("final_inspection", inspection(result="pass")) == [("inspection_report", "in_order")]
    assert answers("final_inspection", inspection(result="concession")) == [("inspection_report", "deviation")]
    contradictory = inspection(result="pass", value=Decimal(12), upper_limit=Decimal(10))
    assert answers("final_inspection", contradictory) == [("inspection_report", "deviation")]
    assert answers("final_inspection", inspection()) == [("inspection_report", "gap")]


def test_a_finding_on_inspections_names_the_lot_and_claims_no_limits_that_nobody_recorded():
    node = DEFAULT_FLOW.node("final_inspection")
    [unjudged] = examine(node, "L-1", [inspection()], UTC)
    assert (unjudged.text_zh, unjudged.text_en) == (
        "批次 L-1 的 1 项检验没有判定",
        "1 inspection(s) of lot L-1 without a result",
    )
    [failed] = examine(node, "L-1", [inspection(result="fail", value=Decimal(12), unit="mm")], UTC)
    assert failed.text_zh == "检验 F-1 的 length：12，限值 —，判定 fail"


def test_a_superseded_record_says_nothing():
    gone = replace(inspection(result="pass"), superseded_by=(s.CORRECTING, 1))
    assert answers("final_inspection", gone) == [("inspection_report", "gap")]


def test_the_map_shows_every_node_with_status_and_findings():
    ledger = {}
    for event in [s.examined("production", s.finding("deviation")), s.examined("outbound")]:
        ledger = evolve(ledger, event)
    nodes = {one.node.node: one for one in flow_map(DEFAULT_FLOW, ledger)}
    assert len(nodes) == 12
    assert (nodes["production"].status, nodes["outbound"].status) == ("suspect", "examined")
    assert nodes["transport"].status == "unexamined"
    option = echarts_option(flow_map(DEFAULT_FLOW, ledger), "zh-CN")
    series = option["series"][0]
    assert series["data"][4] == {
        "id": "production",
        "name": "生产加工",
        "x": 400,
        "y": 0,
        "symbolSize": 30,
        "category": 2,
        "value": 1,
    }
    assert len(series["links"]) == 11
