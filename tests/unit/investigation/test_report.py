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
from services.investigation.domain.report.sources import Header, ReportAction, Sources
from services.investigation.readmodels.traceability_report import render
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
        stage="interim",
        edition=edition,
        issued_at=s.NOW,
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
