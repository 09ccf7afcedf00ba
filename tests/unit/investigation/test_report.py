"""Rule 16: what the editions of the report hold, and that they are the same byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.domain.investigation.commands import JoinComplaint, StateProblem
from services.investigation.domain.investigation.dossier import gathered
from services.investigation.domain.report.confidential import blackened, named_in
from services.investigation.domain.report.document import canonical, document
from services.investigation.domain.report.sources import Header, ReportAction, ReportEffect, Sources
from services.investigation.readmodels.traceability_report import render
from shared.contracts.investigation.investigation import CrossCheck, RecordsCrossChecked, TeamMemberAssigned
from shared.contracts.investigation.responsibility import LogPosition
from tests.unit.investigation.case import states as s

SUPPLIER_NAMES = frozenset({"恒达塑料", "Hengda Plastics", "HD-17", "C-200", "苏北电器", "Subei Appliances"})
ACTION = ReportAction(
    capa_no="A2026-0001",
    action_no=1,
    kind="supplier_corrective",
    title="恒达塑料加严检验 (Hengda Plastics)",
    department="purchasing",
    due_date=date(2026, 4, 1),
    status="planned",
)


def everything() -> Sources:
    """A case whose every free text names what the customer must not read, with all shares and a private note."""
    events = s.after(
        JoinComplaint(complaint_id=s.OTHER_COMPLAINT, joined=s.joined(s.OTHER_COMPLAINT, "C-200")),
        StateProblem(statement="苏北电器与 C-200 也报过；原料来自 hengda plastics，投诉 Q2026-0003"),
        replace(s.verified(), note="HD-17 批料发脆"),
        s.ask(0),
        s.answer(0),
        s.ask(1),
        s.answer(1, "managerial"),
        s.confirm_root(statement="S-07 恒达塑料的料未烘干"),
        s.propose(),
        s.contest(private_note="机密-私下说明", party_key=s.BATCH),
        given=s.opened(),
    )
    return Sources(dossier=gathered(events), flow=DEFAULT_FLOW, actions=[ACTION], confidential=SUPPLIER_NAMES)


def header(edition) -> Header:
    return Header(
        report_no="R2026-0001",
        investigation_no="I2026-0001",
        stage="interim",
        edition=edition,
        issued_at=s.NOW,
        zone="Asia/Shanghai",
        template_version=1,
        positions=(LogPosition(service="investigation", position=12),),
        complaint_id=s.COMPLAINT,
    )


def made(edition, language="zh-CN") -> tuple[str, str]:
    content = canonical(document(header(edition), everything()))
    return content.decode(), render(json.loads(content), language).decode()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_rule_16_the_customer_edition_holds_no_share_no_other_customer_and_no_supplier(language):
    for text in made("customer", language):
        held = text.casefold()
        for word in [*SUPPLIER_NAMES, "S-07", "Q2026-0003", str(s.OTHER_COMPLAINT), "R-MACHINE", "QM 7.1.3", "机密"]:
            assert word.casefold() not in held, word
        for word in ("percent", "secondary", "supplier", "次要责任", "供应商", "department"):
            assert word not in held.replace("customer", ""), word
        assert "未烘干" in text
        assert "Q2026-0002" in text


def test_rule_16_the_internal_edition_holds_shares_and_nobodys_private_note():
    content, page = made("internal")
    shares = json.loads(content)["responsibility"][0]["history"][0]["shares"]
    assert [share["percent"] for share in shares] == ["60", "40", None]
    assert "S-07" in page
    for text in (content, page):
        assert "机密" not in text
        assert "private_note" not in text


def test_rule_16_the_same_content_is_the_same_bytes_and_a_page_made_from_stored_bytes_is_the_same_page():
    assert made("internal") == made("internal")
    fresh = document(header("internal"), everything())
    assert render(fresh, "en") == render(json.loads(canonical(fresh)), "en")


def test_the_page_escapes_what_people_wrote():
    events = s.after(StateProblem(statement="<script>alert(1)</script>"), given=s.opened())
    sources = Sources(dossier=gathered(events), flow=DEFAULT_FLOW, actions=[])
    page = render(json.loads(canonical(document(header("internal"), sources))), "zh-CN").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert '<html lang="zh-CN">' in page


def test_a_latin_name_is_found_as_a_word_and_a_chinese_one_anywhere():
    assert named_in("LAB and CAB", {"AB"}) is None
    assert named_in("by ab.", {"AB"}) == "ab"
    assert named_in("采购自恒达塑料公司", {"恒达塑料"}) == "恒达塑料"
    assert named_in("anything", set()) is None
    assert blackened("AB, ABC", {"AB", "ABC"}, "■") == "■, ■"


def test_quantities_are_texts_as_canonical_bytes_say_them():
    content = document(header("internal"), everything())
    assert content["verification"][0]["quantity"] == str(Decimal(5))


EFFECT = ReportEffect(
    capa_no="A2026-0001",
    closed=True,
    baseline_ppm=Decimal(1000),
    target_ppm=Decimal(50),
    made_from=date(2026, 4, 1),
    made_to=date(2026, 5, 31),
    units=7660,
    confirmed_bad=Decimal(1),
    pending_bad=Decimal(2),
    bad_undated=Decimal(3),
    ppm=Decimal("130.548"),
    verdict="effective",
)


def page(edition, language) -> str:
    sources = everything()
    team = (TeamMemberAssigned(investigation_id=s.CASE, subject="u-17", role="leader"),)
    check = CrossCheck(check="made_before_failed", system="MES", answer="match", claimed=TOLD, recorded=None)
    checks = {
        (s.COMPLAINT, 1): RecordsCrossChecked(
            investigation_id=s.CASE, complaint_id=s.COMPLAINT, item_no=1, checks=(check,), facts_position=1
        )
    }
    dossier = replace(sources.dossier, team=team, checks=checks)
    done = replace(ACTION, status="verified", cut_in="date 2026-04-01")
    content = canonical(document(header(edition), replace(sources, dossier=dossier, actions=[done], effects=[EFFECT])))
    return render(json.loads(content), language).decode()


TOLD = "2026-02-28T23:59:59.123456+00:00"
SAID = {
    "zh-CN": [
        "调查编号",
        "生产经理",
        "责任已提出",
        "组长: u-17",
        "先生产后失效",
        "日期 2026-04-01",
        "生产加工: S-07",
        "有效",
    ],
    "en": [
        *("Investigation no.", "Production manager", "Responsibility proposed", "Leader: u-17"),
        *("Made before it failed", "Date 2026-04-01", "Production operations: S-07", "Effective"),
    ],
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_says_codes_in_its_language_times_at_the_plant_and_whether_the_measures_worked(language):
    told = page("internal", language)
    for words in [*SAID[language], "I2026-0001", "2026-03-02 16:00 (UTC+08:00)", "2026-03-01 07:59 (UTC+08:00)"]:
        assert words in told, words
    for figures in ("<td>130.548</td>", "<td>1 / 7660</td>", "<td>2 / 3</td>", "<td>1000</td><td>50</td>"):
        assert figures in told, figures
    for raw in ("+00:00", "production_manager", "ResponsibilityProposed", "made_before_failed", "date 2026-04"):
        assert raw not in told, raw


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "<b>有效</b>"), ("en", "<b>Effective</b>")])
def test_rule_16_the_customer_edition_says_that_it_worked_without_figures_of_other_customers(language, said):
    told = page("customer", language)
    for words in (said, "2026-04-01 – 2026-05-31", "I2026-0001", "2026-03-02 16:00 (UTC+08:00)"):
        assert words in told, words
    for inner in ("130.548", "7660", "A2026-0001", "u-17", "+00:00"):
        assert inner not in told, inner


@pytest.mark.parametrize(
    ("zone", "said"),
    [("America/St_Johns", "2026-03-02 04:30 (UTC-03:30)"), ("UTC", "2026-03-02 08:00 (UTC+00:00)")],
)
def test_a_time_names_its_offset_also_where_it_is_west_or_no_whole_hour(zone, said):
    content = document(replace(header("internal"), zone=zone), everything())
    assert said in render(content, "en").decode()


def test_the_page_says_why_a_leg_has_no_root_cause():
    concluded = replace(s.concluded("已查明"), inapplicable=(s.NO_ESCAPE,))
    sources = replace(everything(), dossier=replace(everything().dossier, concluded=concluded))
    told = render(document(header("internal"), sources), "zh-CN").decode()
    assert f"不适用: 流出原因 — {s.NO_ESCAPE.reason}" in told
    assert s.NO_ESCAPE.reason not in render(document(header("customer"), sources), "zh-CN").decode()
