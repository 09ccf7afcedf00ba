from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.investigation.application.report_check import ReportCheck
from services.investigation.application.report_sources import ReportSources
from services.investigation.application.reports import ReportAsked, Reports
from services.investigation.application.responsibility import Responsibility
from services.investigation.domain.errors import ComplaintNotJoined, LotUnknown, NodeUnknown
from services.investigation.readmodels.traceability_report import TEMPLATE_VERSION, render
from shared.contracts.investigation.investigation import NodeExamined, RecordsCrossChecked
from shared.contracts.investigation.responsibility import ResponsibilityProposed, TraceabilityReportIssued
from shared.kernel.errors import NotFound
from tests.unit.investigation.application.sights import Given
from tests.unit.investigation.case import states as s
from tests.unit.investigation.test_report import ACTION

MADE = datetime(2026, 2, 1, tzinfo=UTC)
FACTS = (
    s.record("production_order", 1, order="O", lot="L-1", product="P-1", quantity=Decimal(9), made_at=MADE),
    s.record("genealogy", 2, input_lot="M-1", output_lot="L-1", at=MADE),
    s.record("genealogy", 3, input_lot="R-1", output_lot="M-1", at=MADE),
    s.record("incoming_inspection", 4, lot="R-1", report="I", characteristic="MFR", result="fail"),
    s.record("supplier_receipt", 5, receipt="G", lot="R-1", material="PP", supplier="S-07", quantity=Decimal(1)),
)


class Blobs:
    def __init__(self):
        self.kept: dict[str, bytes] = {}

    async def put(self, tenant, chunks):
        del tenant
        data = b"".join([chunk async for chunk in chunks])
        name = hashlib.sha256(data).hexdigest()
        self.kept[name] = data
        return name

    async def exists(self, tenant, sha256):
        del tenant
        return sha256 in self.kept

    async def get(self, tenant, sha256):
        del tenant
        if sha256 not in self.kept:
            raise FileNotFoundError(sha256)
        yield self.kept[sha256]


async def opened(*records, actions=()) -> Given:
    given = Given(*records, actions=actions)
    await given.handlers.open(given.context(), s.CASE, "P-1", s.joined())
    return given


async def test_investigations_are_numbered_and_a_repeated_request_hears_the_same():
    given = Given()
    first = given.context()
    answer = (await given.handlers.open(first, s.CASE)).appended.answer
    assert json.loads(answer) == {"id": str(s.CASE), "investigation_no": "I2026-0001"}
    assert (await given.handlers.open(first, s.CASE)).appended.answer == answer
    assert await given.events() == ["InvestigationOpened"]


async def test_nobody_elses_investigation_is_found():
    given = await opened()
    for call in (
        given.handlers.examine_node(given.context(tenant="t2"), s.CASE, "production", "L-1"),
        given.handlers.conclude(given.context(tenant="t2"), s.CASE, s.conclude("undetermined")),
        given.handlers.cross_check(given.context(), UUID(int=404), s.COMPLAINT, 1),
    ):
        with pytest.raises(NotFound) as missing:
            await call
        assert missing.value.id in {str(s.CASE), str(UUID(int=404))}


async def test_a_cross_check_finds_the_raw_lots_two_levels_back():
    given = await opened(*FACTS)
    handled = await given.handlers.cross_check(given.context(), s.CASE, s.COMPLAINT, 1)
    (event,) = handled.events
    assert isinstance(event, RecordsCrossChecked)
    answers = {check.check: (check.answer, check.recorded) for check in event.checks}
    assert answers["lot_exists"] == ("match", "L-1")
    assert answers["incoming_inspection"] == ("mismatch", "R-1: MFR fail")
    assert answers["shipped_to_customer"] == ("missing", None)
    assert event.facts_position == 3
    with pytest.raises(ComplaintNotJoined):
        await given.handlers.cross_check(given.context(), s.CASE, s.OTHER_COMPLAINT, 1)


async def test_a_raw_node_is_examined_on_the_lots_that_went_into_the_finished_one():
    given = await opened(*FACTS)
    (event,) = (await given.handlers.examine_node(given.context(), s.CASE, "incoming_inspection", "L-1")).events
    assert isinstance(event, NodeExamined)
    assert [(f.answer, [e.row for e in f.evidence]) for f in event.findings] == [("deviation", [4])]
    (receipt,) = (await given.handlers.examine_node(given.context(), s.CASE, "supplier_receipt", "L-1")).events
    assert [f.answer for f in receipt.findings] == ["in_order"]
    with pytest.raises(NodeUnknown):
        await given.handlers.examine_node(given.context(), s.CASE, "nowhere", "L-1")


async def test_a_node_is_examined_on_the_semi_finished_lots_that_passed_it_too():
    given = await opened(
        s.record("genealogy", 1, input_lot="S-1", output_lot="L-1", at=MADE),
        s.record("genealogy", 2, input_lot="R-1", output_lot="S-1", at=MADE),
        s.record("in_process_inspection", 3, lot="S-1", characteristic="hardness", result="fail", inspected_at=MADE),
        s.record("final_inspection", 4, lot="S-1", characteristic="leak", result="fail", inspected_at=MADE),
    )
    (inside,) = (await given.handlers.examine_node(given.context(), s.CASE, "in_process_inspection", "L-1")).events
    assert [(f.answer, [e.row for e in f.evidence]) for f in inside.findings] == [("deviation", [3])]
    (final,) = (await given.handlers.examine_node(given.context(), s.CASE, "final_inspection", "L-1")).events
    assert [(f.answer, list(f.evidence)) for f in final.findings] == [("gap", [])]
    (issue,) = (await given.handlers.examine_node(given.context(), s.CASE, "material_issue", "L-1")).events
    assert [(f.answer, [e.row for e in f.evidence]) for f in issue.findings] == [("in_order", [1]), ("in_order", [2])]


async def test_a_lot_that_neither_a_record_nor_the_case_knows_is_refused_and_a_customers_own_is_examined():
    given = await opened(*FACTS)
    with pytest.raises(LotUnknown):
        await given.handlers.examine_node(given.context(), s.CASE, "production", "L-l")
    claimed = s.joined().items[0].lot
    assert claimed is not None
    await given.handlers.join(given.context(), s.CASE, s.joined())
    (event,) = (await given.handlers.examine_node(given.context(), s.CASE, "outbound", claimed)).events
    assert {f.answer for f in event.findings} == {"gap"}


async def test_a_machines_readings_of_no_lot_count_while_the_lots_operation_ran():
    run = s.record(
        "operation", 1, lot="L-1", node="production", operation="m", step=1, equipment="M-3", operator="E",
        started_at=MADE, ended_at=MADE + timedelta(hours=1),
    )  # fmt: skip

    def reading(row, at, value):
        return s.record(
            "equipment_parameter", row, equipment="M-3", parameter="T", value=Decimal(value), upper_limit=Decimal(9),
            measured_at=at,
        )  # fmt: skip

    given = await opened(run, reading(2, MADE + timedelta(minutes=5), 5), reading(3, MADE + timedelta(hours=2), 99))
    (event,) = (await given.handlers.examine_node(given.context(), s.CASE, "production", "L-1")).events
    found = {f.kind: (f.answer, [e.row for e in f.evidence]) for f in event.findings}
    assert found["equipment_parameter"] == ("in_order", [2])
    assert found["personnel_qualification"] == ("gap", [1])


async def rooted() -> Given:
    given = await opened(*FACTS, actions=[ACTION])
    for command in (s.ask(0), s.ask(1)):
        await given.handlers.ask_why(given.context(), s.CASE, command)
        level = "managerial" if command.why_id == s.WHYS[1] else "technical"
        await given.handlers.answer_why(given.context(), s.CASE, s.answer(s.WHYS.index(command.why_id), level))
    await given.handlers.confirm_root_cause(given.context(), s.CASE, s.confirm_root())
    return given


async def test_responsibility_is_proposed_by_the_published_rules_and_heard_for_their_days():
    given = await rooted()
    responsibility = Responsibility(given.handlers, given.sight)
    (event,) = (await responsibility.propose(given.context(), s.CASE, s.ROOT, {})).events
    assert isinstance(event, ResponsibilityProposed)
    assert [(x.party.code, x.percent, x.rule) for x in event.shares] == [
        ("production", 60, "R-MACHINE"),
        ("equipment", 40, "R-MACHINE"),
        ("production_manager", None, "R-MACHINE"),
    ]
    assert (event.proposed_by, event.hear_by) == ("qe", s.NOW + timedelta(days=7))
    assert event.shares[0].evidence == (s.fact(20), s.fact(21))


def reporting(given: Given, blobs: Blobs, template: int = TEMPLATE_VERSION) -> tuple[Reports, ReportCheck]:
    sources = ReportSources(given.store, given.sight)
    issuing = Reports(given.handlers, sources, given.store, blobs, given.numbers, given.sight, render, template, "UTC")
    return issuing, ReportCheck(sources, blobs, given.sight, render, template)


async def issued(given: Given, blobs: Blobs, edition="internal") -> TraceabilityReportIssued:
    asked = ReportAsked(
        report_id=UUID(int=70), stage="final", edition=edition, language="zh-CN", complaint_id=s.COMPLAINT
    )
    (event,) = (await reporting(given, blobs)[0].issue(given.context(), s.CASE, asked)).events
    assert isinstance(event, TraceabilityReportIssued)
    return event


@pytest.mark.parametrize("edition", ["internal", "customer"])
async def test_rule_16_a_report_derived_anew_from_its_positions_is_the_same(edition):
    given, blobs = await rooted(), Blobs()
    event = await issued(given, blobs, edition)
    await given.handlers.ask_why(given.context(), s.CASE, s.ask(0, why_id=UUID(int=99)))
    given.sight.actions.actions += (ACTION,)
    checked = await reporting(given, blobs)[1].check("t1", event)
    assert (checked.verdict, checked.derived_sha256, checked.differences) == ("same", event.json_sha256, ())


async def test_rule_16_a_derivation_that_differs_says_where():
    given, blobs = await rooted(), Blobs()
    event = await issued(given, blobs)
    given.sight.actions.actions = (replace(ACTION, title="another"),)
    checked = await reporting(given, blobs)[1].check("t1", event)
    assert checked.verdict == "differs"
    assert [(d.path, d.issued, d.derived) for d in checked.differences] == [
        ("/actions/0/title", ACTION.title, "another")
    ]


async def test_rule_16_stored_bytes_that_were_changed_or_lost_are_said():
    given, blobs = await rooted(), Blobs()
    event = await issued(given, blobs)
    blobs.kept[event.html_sha256] += b" "
    assert (await reporting(given, blobs)[1].check("t1", event)).verdict == "stored_bytes_changed"
    del blobs.kept[event.html_sha256]
    assert (await reporting(given, blobs)[1].check("t1", event)).verdict == "stored_bytes_changed"


async def test_rule_16_a_report_of_another_template_is_kept_but_not_made_again():
    given, blobs = await rooted(), Blobs()
    event = await issued(given, blobs)
    checked = await reporting(given, blobs, TEMPLATE_VERSION + 1)[1].check("t1", event)
    assert (checked.verdict, checked.derived_sha256) == ("not_derivable", None)


async def test_rule_16_an_issued_report_names_the_bytes_that_were_stored():
    given = await rooted()
    blobs = Blobs()
    reports, _ = reporting(given, blobs)
    asked = ReportAsked(
        report_id=UUID(int=70), stage="final", edition="customer", language="zh-CN", complaint_id=s.COMPLAINT
    )
    context = given.context()
    handled = await reports.issue(context, s.CASE, asked)
    (event,) = handled.events
    assert isinstance(event, TraceabilityReportIssued)
    content = blobs.kept[event.json_sha256]
    assert hashlib.sha256(content).hexdigest() == event.json_sha256
    assert blobs.kept[event.html_sha256] == render(json.loads(content), "zh-CN")
    assert [(at.service, at.position) for at in event.positions] == [("capa", 1), ("investigation", 7)]
    again = await reports.issue(context, s.CASE, asked)
    assert again.appended.answer == handled.appended.answer
    assert json.loads(handled.appended.answer)["report_no"] == "R2026-0001"
