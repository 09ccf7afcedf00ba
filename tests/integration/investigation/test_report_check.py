"""Rule 16: an issued report derived anew, after all that may happen to what it was made of."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from uuid import UUID

from shared.contracts.capa.capa import ActionPlanned, ActionStarted, CapaOpened, CauseAddressed
from shared.contracts.intake.data_subject import DataSubjectErased
from shared.contracts.investigation.responsibility import LogPosition, TraceabilityReportIssued
from shared.kernel.ids import derived_id, new_id
from tests.integration.investigation.casework import BAD_INPUT, BAD_LOT, PRODUCT, SUPPLIER, corrected, opened, upload
from tests.integration.said import said
from tests.integration.speaking import API, ask, look

INTERIM = {"stage": "interim", "language": "zh-CN"}


async def issued(app):
    """A case with shares, a private note and an action, its cause, and the ids of both editions of its report."""
    case = await opened(app)
    root = await case.with_shares()
    note = {"grounds": "出厂合格 · passed", "private_note": "私下 · private", "root_cause_id": root}
    party = {"party": {"kind": "supplier", "code": SUPPLIER}}
    await ask(case.party("supplier", SUPPLIER), f"{case.path}/contest", note | party)
    after = {"Suyuan-After": f"capa:{await case.with_actions(root)}"}
    asked = {"edition": "customer", "complaint_id": str(case.complaint)}
    made = [
        await ask(case.engineer, f"{case.path}/reports", INTERIM | body, 201, **after)
        for body in ({"edition": "internal"}, asked)
    ]
    return case, root, [one["id"] for one in made]


async def verdicts(case, reports, after=None):
    told = [await look(case.engineer, f"{case.path}/report/check", after, report_id=one) for one in reports]
    return [(one["verdict"], one["json_sha256"] == one["derived_sha256"], one["differences"]) for one in told]


async def content(case):
    """Of the newest report."""
    return (await case.engineer.get(f"{API}{case.path}/report.json")).json()


SAME = [("same", True, [])] * 2


async def test_rule_16_a_report_names_the_positions_that_it_was_derived_from(app):
    case, _, reports = await issued(app)
    capa = (await app.elsewhere["capa"].heads())["t1"]
    told = await look(case.engineer, f"{case.path}/report/check", report_id=reports[0])
    positions = {at["service"]: at["position"] for at in told["positions"]}
    steps = [step["position"] for step in (await case.view())["steps"]]
    assert positions["capa"] == capa
    assert steps[-3] <= positions["investigation"] < steps[-2]
    assert (await content(case))["actions"][0]["status"] == "planned"


async def test_rule_16_it_is_the_same_after_later_events_and_other_actions(app):
    case, root, reports = await issued(app)
    assert await verdicts(case, reports) == SAME
    await ask(case.engineer, f"{case.path}/problem", {"statement": "后来改写 · rewritten later"})
    capa = new_id()
    position = await said(
        app.elsewhere["capa"],
        "t1",
        "capa",
        capa,
        CapaOpened(capa_id=capa, capa_no="CA2026-0000", title="t", investigation_id=case.id),
        CauseAddressed(
            capa_id=capa,
            investigation_id=case.id,
            root_cause_id=UUID(root),
            statement="s",
            leg="occurrence",
            node="incoming_inspection",
            products=(PRODUCT,),
            defect_codes=("LEAK",),
        ),
        ActionPlanned(
            capa_id=capa,
            action_no=1,
            planned_by="p",
            kind="corrective",
            title="后来的措施 · a later measure",
            owner="o",
            department="quality",
            due_date=date(2030, 1, 5),
            criterion="c",
            root_cause_id=UUID(root),
        ),
        ActionStarted(capa_id=capa, action_no=1),
    )
    assert await verdicts(case, reports) == SAME
    after = {"Suyuan-After": f"capa:{position}"}
    made = await ask(case.engineer, f"{case.path}/reports", INTERIM | {"edition": "internal"}, 201, **after)
    assert [(one["capa_no"], one["status"]) for one in (await content(case))["actions"]] == [
        ("CA2026-0000", "started"),
        ("CA2026-0001", "planned"),
    ]
    assert await verdicts(case, [made["id"]]) == SAME[:1]


async def test_rule_16_it_is_the_same_after_facts_were_corrected_and_new_names_became_known(app, folder):
    """The corrected edge is in its genealogy; a receipt makes a word of its texts a supplier's name."""
    case, _, reports = await issued(app)
    edge = corrected(folder, "genealogy", {"child_batch": BAD_LOT}, {"qty": "77.7"})
    assert (await upload(case.engineer, "syn-genealogy", edge))["superseded"] == 1
    named = corrected(
        folder, "supplier_receipt", {"批次号": BAD_INPUT}, {"收货单号": "GR-NEW", "供应商名称": "加严控制"}
    )
    assert (await upload(case.engineer, "syn-supplier-receipt", named))["rows"] == 1
    assert await verdicts(case, reports) == SAME
    asked = {"edition": "customer", "complaint_id": str(case.complaint)}
    made = await ask(case.engineer, f"{case.path}/reports", INTERIM | asked)
    assert [one["title"] for one in (await content(case))["actions"]] == ["■■■ ■■■ · tighter control"]
    assert await verdicts(case, [made["id"]]) == SAME[:1]


async def test_rule_16_a_report_that_named_too_few_positions_cannot_be_derived_and_says_so(app):
    case, _, reports = await issued(app)
    told = await look(case.engineer, f"{case.path}/report/check", report_id=reports[0])
    sums = {}
    for form in ("json", "html"):
        query = {"report_id": reports[0]}
        sums[form] = sha256((await case.engineer.get(f"{API}{case.path}/report.{form}", params=query)).content)
    old = TraceabilityReportIssued(
        investigation_id=case.id,
        report_id=new_id(),
        report_no="R2025-0001",
        stage="interim",
        edition="internal",
        language="zh-CN",
        template_version=1,
        positions=tuple(LogPosition(**at) for at in told["positions"] if at["service"] != "capa"),
        json_sha256=sums["json"].hexdigest(),
        html_sha256=sums["html"].hexdigest(),
    )
    await said(app.runtimes["investigation"].resources.store, "t1", "investigation", case.id, old)
    assert await verdicts(case, [str(old.report_id)]) == [("not_derivable", False, [])]


async def test_who_may_check(app):
    case, _, _ = await issued(app)
    url = f"{API}{case.path}/report/check"
    assert (await app.client("supplier").get(url)).status_code == 403
    assert (await app.client("auditor").get(url)).json()["verdict"] == "same"
    assert (await app.client("auditor", tenant="t2").get(url)).status_code == 404


async def test_rule_16_erasing_a_person_and_a_partys_key_is_not_taken_for_tampering(app):
    """The last here: that party's key is gone for good."""
    case, _, reports = await issued(app)
    keys = app.runtimes["investigation"].resources.keys
    party = derived_id("party", "t1", "supplier", SUPPLIER)
    assert (await keys.wrapped("t1", [party]))[party] is not None
    event = DataSubjectErased(subject_id=party, reason="request")
    position = await said(app.elsewhere["intake"], "t1", "data-subject", party, event)
    assert await verdicts(case, reports, f"intake:{position}") == SAME
    assert (await keys.wrapped("t1", [party]))[party] is None
