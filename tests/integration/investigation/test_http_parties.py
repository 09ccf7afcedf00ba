"""Rule 13 over HTTP: a party is its kind and its code. Here a supplier and a department have the same one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.investigation.casework import SUPPLIER, Case, opened
from tests.integration.speaking import API, ask, look

CODE = "quality"
PARTIES = {kind: {"kind": kind, "code": CODE} for kind in ("supplier", "department")}
ROLES = {"supplier": "supplier", "department": "department_lead"}
NOTES = {kind: f"{kind} 私下说明 · private" for kind in PARTIES}
OTHER = {"supplier": "department", "department": "supplier"}
BOTH = pytest.mark.parametrize("kind", sorted(PARTIES))


def speaker(case: Case, kind: str):
    return case.party(ROLES[kind], CODE, kind)


async def contest(case: Case, root: str, kind: str, by: str, expect: int = 200) -> dict[str, Any]:
    body = {"root_cause_id": root, "party": PARTIES[kind], "grounds": f"{kind} 有异议", "private_note": NOTES[kind]}
    return await ask(speaker(case, by), f"{case.path}/contest", body, expect)


@pytest.fixture
async def shared_code(app):
    """A case that supplier:quality, department:quality and post:purchasing_manager bear."""
    case = await opened(app)
    return case, await case.with_shares(supplier=CODE)


async def accepted(case: Case, root: str) -> None:
    for kind, party in PARTIES.items():
        await ask(speaker(case, kind), f"{case.path}/accept-share", {"root_cause_id": root, "party": party})
    await case.accept(root, "purchasing_manager")


async def confirmed(case: Case, root: str) -> str:
    await accepted(case, root)
    manager = case.app.client("quality_manager")
    done = await ask(manager, f"{case.path}/confirm-responsibility", {"root_cause_id": root})
    return str(done["at"])


def bearers(view: dict[str, Any]) -> set[tuple[str, str]]:
    parties = [event["party"] for events in view["responsibility"].values() for event in events if "party" in event]
    shares = [s for events in view["responsibility"].values() for event in events for s in event.get("shares", [])]
    return {(party["kind"], party["code"]) for party in parties + [share["party"] for share in shares]}


@BOTH
async def test_rule_13_a_party_sees_nothing_of_another_kind_with_its_code(shared_code, kind):
    case, root = shared_code
    for one in PARTIES:
        await contest(case, root, one, by=one)
    view = await look(speaker(case, kind), case.path)
    assert bearers(view) == {(kind, CODE)}
    assert NOTES[kind] in str(view)
    assert NOTES[OTHER[kind]] not in str(view)
    colleague = case.app.client("quality_engineer", subject="of-it", parties=[f"{kind}:{CODE}"])
    whole = str(await look(colleague, case.path))
    assert [NOTES[one] in whole for one in (kind, OTHER[kind])] == [True, False]


@BOTH
async def test_rule_13_a_party_answers_for_nobody_of_another_kind_with_its_code(shared_code, kind):
    case, root = shared_code
    refused = await contest(case, root, kind, by=OTHER[kind], expect=403)
    assert refused["type"] == "urn:suyuan:problem:not-your-share"
    body = {"root_cause_id": root, "party": PARTIES[kind]}
    await ask(speaker(case, OTHER[kind]), f"{case.path}/accept-share", body, 403)
    events = (await case.view())["responsibility"][root]
    assert [event["event"] for event in events] == ["investigation.ResponsibilityProposed"]


async def test_rule_13_a_case_of_the_supplier_is_not_there_for_a_department_of_its_code(app):
    case = await opened(app)
    await case.with_shares()
    assert bearers(await look(case.party("supplier", SUPPLIER), case.path)) == {("supplier", SUPPLIER)}
    for stranger in (
        case.party("department_lead", SUPPLIER, "department"),
        case.party("department_lead", SUPPLIER, "post"),
        case.party("supplier", SUPPLIER.lower(), "supplier"),
        app.client("supplier"),
    ):
        assert (await stranger.get(f"{API}{case.path}")).status_code == 404


async def test_rule_13_a_refusal_tells_nobody_whether_another_party_bears_a_share(shared_code):
    case, root = shared_code
    stranger = case.party("supplier", "S-OTHER", "supplier")
    told = []
    for code in (CODE, "S-NOBODY"):
        body = {"root_cause_id": root, "party": {"kind": "supplier", "code": code}}
        refused = await ask(stranger, f"{case.path}/accept-share", body, 403)
        told.append(refused["detail"].replace(code, "…"))
    assert told[0] == told[1]


@BOTH
async def test_rule_13_records_show_a_party_nothing_of_another_kind_with_its_code(shared_code, kind):
    case, root = shared_code
    at = await confirmed(case, root)
    query = {"investigation_id": str(case.id)}
    own = await look(speaker(case, kind), "/responsibility-records", at, **query)
    assert [(r["party_kind"], r["party_code"]) for r in own["items"]] == [(kind, CODE)]
    foreign = await look(speaker(case, kind), "/responsibility-records", at, party=f"{OTHER[kind]}:{CODE}", **query)
    assert foreign["items"] == []
    whole = await look(case.engineer, "/responsibility-records", at, party=f"{kind}:{CODE}", **query)
    assert [(r["party_kind"], r["party_code"]) for r in whole["items"]] == [(kind, CODE)]


@BOTH
async def test_rule_13_no_party_reads_the_report(shared_code, kind):
    case, root = shared_code
    await confirmed(case, root)
    body = {"stage": "interim", "edition": "internal", "language": "en"}
    await ask(case.engineer, f"{case.path}/reports", body)
    for form in ("json", "html"):
        assert (await speaker(case, kind).get(f"{API}{case.path}/report.{form}")).status_code == 403


@BOTH
async def test_rule_11_a_bearing_party_confirms_by_no_role(shared_code, kind):
    case, root = shared_code
    await accepted(case, root)
    for role in ("quality_manager", "admin"):
        bearing = case.app.client(role, subject="of-it", parties=[f"{kind}:{CODE}"])
        refused = await ask(bearing, f"{case.path}/confirm-responsibility", {"root_cause_id": root}, 403)
        assert refused["detail"].count(f"{kind}:{CODE}") == 1
    answered = case.app.client("quality_manager", subject=f"of-{kind}:{CODE}")
    await ask(answered, f"{case.path}/confirm-responsibility", {"root_cause_id": root}, 403)
    namesake = case.app.client("quality_manager", subject="namesake", parties=[f"carrier:{CODE}", "department:press"])
    await ask(namesake, f"{case.path}/confirm-responsibility", {"root_cause_id": root})


@BOTH
async def test_rule_12_a_party_upholds_not_its_own_share(shared_code, kind):
    case, root = shared_code
    await contest(case, root, kind, by=kind)
    body = {"root_cause_id": root, "party": PARTIES[kind], "grounds": "维持"}
    own = case.app.client("quality_engineer", subject="of-it", parties=[f"{kind}:{CODE}"])
    await ask(own, f"{case.path}/uphold", body, 403)
    other = case.app.client("quality_engineer", subject="of-the-other", parties=[f"{OTHER[kind]}:{CODE}"])
    await ask(other, f"{case.path}/uphold", body)


async def test_records_go_on_where_the_page_ended_and_are_filtered_by_period_product_and_node(shared_code):
    case, root = shared_code
    at = await confirmed(case, root)
    query = {"investigation_id": str(case.id), "product": "PC-5", "node": "incoming_inspection"}
    whole = (await look(case.engineer, "/responsibility-records", at, **query))["items"]
    pages, cursor = [], None
    while True:
        page = await look(
            case.engineer, "/responsibility-records", at, limit=1, **query, **({"cursor": cursor} if cursor else {})
        )
        pages += page["items"]
        if (cursor := page["next"]) is None:
            break
    assert [len(whole), whole] == [3, pages]
    moment = whole[0]["confirmed_at"]
    for period, found in (({"from": moment}, 3), ({"to": moment}, 0), ({"from": "2099-01-01T00:00:00Z"}, 0)):
        told = await look(case.engineer, "/responsibility-records", at, **query, **period)
        assert len(told["items"]) == found, period
    for other in ({"product": "PC-6"}, {"node": "transport"}):
        assert (await look(case.engineer, "/responsibility-records", at, **(query | other)))["items"] == []


@pytest.mark.parametrize(
    "query", [{"party": "quality"}, {"party": "Supplier:S-1"}, {"from": "yesterday"}, {"to": "1"}, {"cursor": "x"}]
)
async def test_a_filter_of_records_that_means_nothing_is_refused(app, query):
    answer = await app.client("auditor").get(f"{API}/responsibility-records", params=query)
    (name,) = query
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, name), answer.text
