"""Responsibility and the report over HTTP: heard, contested, confirmed; the same bytes for ever."""

from __future__ import annotations

import json
from hashlib import sha256

import asyncpg
import pytest

from shared.kernel.ids import new_id
from tests.integration.investigation.casework import API, BAD_INPUT, BAD_LOT, SUPPLIER, ask, handed, look, opened
from tests.integration.said import said

PRIVATE = "我方留样也超限 · our own sample was out too"
PARTY = {"kind": "supplier", "code": SUPPLIER}


@pytest.fixture
async def heard(app):
    """A case whose supplier objects, with a note that is its own."""
    case = await opened(app)
    root = await case.with_shares()
    body = {"root_cause_id": root, "party": PARTY, "grounds": "出厂合格", "private_note": PRIVATE}
    await ask(case.party("supplier", SUPPLIER), f"{case.path}/contest", body)
    return case, root


async def test_rule_13_a_party_sees_what_concerns_it_and_nothing_else(heard):
    case, root = heard
    view = await look(case.party("supplier", SUPPLIER), case.path)
    assert "complaints" not in view
    assert "team" not in view
    parties = {s["party"]["code"] for e in view["responsibility"][root] for s in e.get("shares", [])}
    assert parties == {SUPPLIER}
    other = await case.party("supplier", "S-OTHER").get(f"{API}{case.path}")
    assert other.status_code == 404


async def test_rule_13_a_private_note_opens_for_its_party_alone(app, heard):
    case, _ = heard
    assert PRIVATE in str(await look(case.party("supplier", SUPPLIER), case.path))
    for reader in (case.engineer, app.client("auditor"), case.party("department_lead", "quality")):
        assert PRIVATE not in str(await look(reader, case.path))


async def test_rule_13_a_party_answers_for_itself_only(heard):
    case, root = heard
    body = {"root_cause_id": root, "party": {"kind": "department", "code": "quality"}}
    await ask(case.party("supplier", SUPPLIER), f"{case.path}/accept-share", body, 403)


async def test_rule_13_records_show_a_party_its_own(app, heard):
    case, root = heard
    uphold = {"root_cause_id": root, "party": PARTY, "grounds": "复检超限"}
    await ask(case.engineer, f"{case.path}/uphold", uphold)
    for code in ("quality", "purchasing_manager"):
        await case.accept(root, code)
    done = await ask(app.client("quality_manager"), f"{case.path}/confirm-responsibility", {"root_cause_id": root})
    query = {"investigation_id": str(case.id)}
    whole = await look(case.engineer, "/responsibility-records", done["at"], **query)
    own = await look(case.party("supplier", SUPPLIER), "/responsibility-records", **query)
    nobody = await look(app.client("supplier"), "/responsibility-records", **query)
    assert {r["party_code"] for r in whole["items"]} == {SUPPLIER, "quality", "purchasing_manager"}
    assert ([r["party_code"] for r in own["items"]], nobody["items"]) == ([SUPPLIER], [])


async def test_rule_13_hearings_tell_whose_answer_is_awaited_and_a_party_its_own_alone(app, heard):
    case, root = heard
    head = await look(app.client("auditor"), "/investigation/audit/head")

    async def listed(reader, **query):
        items = (await look(reader, "/responsibility/hearings", f"investigation:{head['position']}", **query))["items"]
        return [
            {one["party"]["code"]: one["answer"] for one in item["parties"]}
            for item in items
            if item["root_cause_id"] == root
        ]

    everybody = {SUPPLIER: "contested", "quality": "awaited", "purchasing_manager": "awaited"}
    assert await listed(case.engineer, investigation_id=str(case.id)) == [everybody]
    assert await listed(case.engineer, state="awaited", party="department:quality") == [everybody]
    assert await listed(case.engineer, state="awaited", party=f"supplier:{SUPPLIER}") == []
    assert await listed(case.engineer, state="confirmed") == []
    assert await listed(case.engineer, due_before="2020-01-01T00:00:00Z") == []
    assert await listed(case.party("supplier", SUPPLIER)) == [{SUPPLIER: "contested"}]
    assert await listed(case.party("department_lead", "quality"), state="awaited") == [{"quality": "awaited"}]
    assert await listed(case.party("supplier", "S-OTHER")) == []
    abroad = await look(app.client("auditor", tenant="t2"), "/responsibility/hearings")
    assert abroad["items"] == []


async def test_rule_12_a_contested_share_is_not_confirmed_and_both_versions_stay(app, heard):
    case, root = heard
    manager = app.client("quality_manager")
    await ask(manager, f"{case.path}/confirm-responsibility", {"root_cause_id": root}, 409)
    evidence = await case.evidence()
    shares = [
        {"party": PARTY, "kind": "primary", "percent": "60", "rule": "R1", "clause": "8.4", "evidence": evidence},
        {
            "party": {"kind": "department", "code": "quality"},
            "kind": "secondary",
            "percent": "40",
            "rule": "R1",
            "clause": "8.4",
            "evidence": evidence,
        },
    ]
    body = {"root_cause_id": root, "shares": shares, "grounds": "分担", "answers": [PARTY]}
    await ask(case.engineer, f"{case.path}/revise-responsibility", body)
    for code in (SUPPLIER, "quality"):
        await case.accept(root, code)
    await ask(manager, f"{case.path}/confirm-responsibility", {"root_cause_id": root})
    history = (await case.view())["responsibility"][root]
    percents = [sorted(s["percent"] or "" for s in e["shares"]) for e in history if "shares" in e]
    assert percents[0] != percents[-1] == ["40", "60"]


async def test_rule_11_who_proposed_does_not_confirm(app):
    case = await opened(app)
    root = await case.with_shares()
    for code in (SUPPLIER, "quality", "purchasing_manager"):
        await case.accept(root, code)
    proposer = app.client("quality_manager", subject="engineer-1")
    await ask(proposer, f"{case.path}/confirm-responsibility", {"root_cause_id": root}, 403)


async def test_what_if_records_nothing(app):
    case = await opened(app)
    root = await case.with_root()
    body = {"investigation_id": str(case.id), "root_cause_id": root, "parties": {"supplier": SUPPLIER}}
    told = await ask(app.client("auditor"), "/responsibility/what-if", body)
    assert {s["party"]["code"] for s in told["shares"]} >= {SUPPLIER}
    assert (await case.view())["responsibility"] == {}


async def test_rule_16_a_report_is_the_same_bytes_and_the_customer_edition_is_clean(heard):
    case, root = heard
    position = await case.with_actions(root)
    await case.view(f"capa:{position}")
    stages = {"stage": "interim", "language": "zh-CN"}
    whole = await ask(case.engineer, f"{case.path}/reports", stages | {"edition": "internal"})
    asked = {"edition": "customer", "complaint_id": str(case.complaint)}
    clean = await ask(case.engineer, f"{case.path}/reports", stages | asked)
    for form in ("json", "html"):
        url = f"{API}{case.path}/report.{form}"
        first = await case.engineer.get(url, params={"report_id": clean["id"]})
        again = await case.engineer.get(url, params={"report_id": clean["id"]})
        assert first.status_code == 200
        assert first.content == again.content
        assert sha256(first.content).hexdigest() == clean[f"{form}_sha256"]
        assert SUPPLIER not in first.text
        assert PRIVATE not in first.text
        internal = await case.engineer.get(url, params={"report_id": whole["id"]})
        assert SUPPLIER in internal.text
        assert PRIVATE not in internal.text


async def test_rule_16_a_stored_report_that_was_changed_or_is_gone_is_never_served(app, heard):
    case, root = heard
    position = await case.with_actions(root)
    await case.view(f"capa:{position}")
    asked = {"stage": "interim", "language": "en", "edition": "internal"}
    issued = await ask(case.engineer, f"{case.path}/reports", asked)
    for form in ("json", "html"):
        [blob] = app.runtimes["investigation"].resources.settings.data_dir.rglob(issued[f"{form}_sha256"])
        url = f"{API}{case.path}/report.{form}"
        good = blob.read_bytes()
        blob.write_bytes(good.replace(b"a", b"b", 1))
        changed = await case.engineer.get(url, params={"report_id": issued["id"]})
        blob.unlink()
        gone = await case.engineer.get(url, params={"report_id": issued["id"]})
        blob.mkdir()
        folder = await case.engineer.get(url, params={"report_id": issued["id"]})
        blob.rmdir()
        blob.write_bytes(good)
        for answer in (changed, gone, folder):
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:suyuan:problem:report-damaged")
        assert (await case.engineer.get(url, params={"report_id": issued["id"]})).content == good


async def test_rule_16_deriving_a_report_anew_finds_the_same_after_later_events_and_says_where_facts_differ(heard):
    case, root = heard
    position = await case.with_actions(root)
    await case.view(f"capa:{position}")
    asked = {"stage": "interim", "language": "en", "edition": "internal"}
    issued = await ask(case.engineer, f"{case.path}/reports", asked)
    clean = await ask(
        case.engineer, f"{case.path}/reports", asked | {"edition": "customer", "complaint_id": str(case.complaint)}
    )
    await case.why("escape")
    await case.with_actions(root)
    for report in (issued, clean):
        told = await look(case.engineer, f"{case.path}/report/check", report_id=report["id"])
        assert (told["verdict"], told["differences"]) == ("same", [])
        assert told["json_sha256"] == told["derived_sha256"] == report["json_sha256"]
        assert {at["service"] for at in told["positions"]} == {"capa", "investigation"}
    owner = await asyncpg.connect(**case.app.databases["investigation"].owner | {"user": "postgres"})
    await owner.execute("alter table facts.row disable trigger immutable")
    changed = await owner.execute(
        "update facts.row set record = convert_to(replace(convert_from(record, 'UTF8'), $1, 'OTHER'), 'UTF8'),"
        " input_lot = 'OTHER' where kind = 'genealogy' and input_lot = $1",
        BAD_INPUT,
    )
    await owner.execute("alter table facts.row enable trigger immutable")
    await owner.close()
    assert changed != "UPDATE 0"
    told = await look(case.engineer, f"{case.path}/report/check", report_id=issued["id"])
    assert told["verdict"] == "differs"
    assert any(one["path"].startswith("/genealogy/0/") for one in told["differences"])


async def test_rule_16_a_check_of_no_report_is_not_found(app):
    case = await opened(app)
    answer = await case.engineer.get(f"{API}{case.path}/report/check")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:suyuan:problem:not-found")


async def test_rule_16_a_final_report_needs_actions(app):
    case = await opened(app)
    await case.with_root()
    body = {"stage": "final", "edition": "internal", "language": "en"}
    refused = await ask(case.engineer, f"{case.path}/reports", body, 409)
    assert refused["type"] == "urn:suyuan:problem:final-without-actions"


async def test_rule_16_a_customer_edition_is_for_the_only_complaint_or_names_the_field_that_says_which(app):
    case = await opened(app)
    body = {"stage": "interim", "edition": "customer", "language": "en"}
    await ask(case.engineer, f"{case.path}/reports", body, 201)
    told = (await case.engineer.get(f"{API}{case.path}/report.json")).json()
    assert told["header"]["complaint_id"] == str(case.complaint)
    second = handed(new_id(), case.id, BAD_LOT, "D-08", "join")
    position = await said(app.elsewhere["intake"], "t1", "complaint", second.complaint_id, second)
    await case.view(f"intake:{position}")
    for language, words in (("en", "this case has 2 complaints"), ("zh-CN", "本调查有 2 个投诉")):
        client = app.client("quality_engineer", language=language)
        refused = await ask(client, f"{case.path}/reports", body, 422)
        assert refused["type"] == "urn:suyuan:problem:complaint-unnamed"
        assert "complaint_id" in json.dumps(refused["errors"])
        assert words in refused["detail"]
        assert "None" not in refused["detail"]
