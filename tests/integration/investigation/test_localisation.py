"""Asking for the source of bad lots (rule 9), and for what a lot is made of, over HTTP."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.integration.investigation.casework import BAD_INPUT, BAD_LOT, BAD_LOTS, handed, opened
from tests.integration.said import said
from tests.integration.speaking import API, ask, look

PLAIN = {"with_period": False}


async def confirmed(app: Any, lots: list[str], without: int = 0) -> Any:
    """A case with a complaint for each lot, its item confirmed; `without` more name no lot."""
    case = await opened(app, lots[0])
    about = [case.complaint]
    for lot in [*lots[1:], *[None] * without]:
        event = handed(new_id(), case.id, lot, f"D-{lot}", "join")
        position = await said(app.elsewhere["intake"], "t1", "complaint", event.complaint_id, event)
        await case.view(f"intake:{position}")
        about.append(event.complaint_id)
    evidence = await case.evidence()
    for complaint in about:
        body = {
            "complaint_id": str(complaint),
            "item_no": 1,
            "outcome": "confirmed",
            "quantity": "2",
            "note": "复检一致",
        }
        await ask(case.engineer, f"{case.path}/verify", body | {"evidence": evidence})
    return case


async def test_rule_09_a_localisation_starts_from_the_cases_confirmed_items(app):
    case = await confirmed(app, BAD_LOTS, without=1)
    named = await ask(case.engineer, "/trace/localise", PLAIN | {"bad_lots": BAD_LOTS})
    told = await ask(case.engineer, "/trace/localise", PLAIN | {"confirmed_in": str(case.id)})
    assert (told["bad"], told["groups"]) == (named["bad"], named["groups"])
    assert (told["without_lot"], named["without_lot"]) == (1, 0)
    assert told["bad_when"] == f"已确认投诉项的 {len(BAD_LOTS)} 个批次 / {len(BAD_LOTS)} lots of confirmed items"
    await ask(case.engineer, f"{case.path}/localise", PLAIN | {"confirmed": True})
    suspects = (await case.view())["suspects"]
    assert (suspects["bad"], suspects["without_lot"], suspects["groups"]) == (told["bad"], 1, told["groups"])
    assert BAD_INPUT in [member["level"] for member in suspects["groups"][0]["members"]]


async def test_where_nothing_is_confirmed_there_is_nothing_to_start_from(app):
    case = await opened(app)
    for path, body in (
        (f"{case.path}/localise", {"confirmed": True}),
        ("/trace/localise", {"confirmed_in": str(case.id)}),
    ):
        refused = await ask(case.engineer, path, body, 409)
        assert (refused["type"], refused["facts"]) == ("urn:suyuan:problem:nothing-confirmed", {"without_lot": 0})
    assert (await case.view())["suspects"] is None
    await ask(case.engineer, "/trace/localise", {"confirmed_in": str(new_id())}, 404)
    await ask(app.client("auditor", tenant="t2"), "/trace/localise", {"confirmed_in": str(case.id)}, 404)


NAMED = {"bad_lots": ["L"], "characteristic": "seal", "value_from": "1.5"}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (NAMED, ["/characteristic", "/value_from", "/bad_lots"]),
        ({"bad_lots": ["L"], "characteristic": "seal"}, ["/characteristic", "/bad_lots"]),
        ({"bad_lots": ["L"], "value_from": "1"}, ["/value_from", "/bad_lots"]),
        ({"characteristic": "seal", "confirmed_in": str(new_id())}, ["/characteristic", "/confirmed_in"]),
        ({"bad_lots": ["L"], "confirmed_in": str(new_id())}, ["/bad_lots", "/confirmed_in"]),
        ({"value_from": "1"}, ["/value_from"]),
        ({"bad_lots": []}, ["/bad_lots"]),
    ],
)
async def test_two_sources_of_bad_lots_are_refused_by_name_never_one_taken_silently(app, body, wrong):
    case = await opened(app)
    refused = await ask(case.engineer, "/trace/localise", PLAIN | body, 422)
    assert [one["field"] for one in refused["errors"]] == wrong
    of_case = {("confirmed" if name == "confirmed_in" else name): value for name, value in body.items()}
    of_case |= {"confirmed": True} if "confirmed" in of_case else {}
    refused = await ask(case.engineer, f"{case.path}/localise", PLAIN | of_case, 422)
    assert [one["field"] for one in refused["errors"]] == [w.removesuffix("_in") for w in wrong]
    assert (await case.view())["suspects"] is None


async def test_a_characteristic_and_its_limit_say_which_lots_are_bad(app, folder):
    engineer = app.client("quality_engineer")
    rows = list(csv.DictReader((folder / "final_inspection.csv").read_text(encoding="utf-8").splitlines()))
    product, item = "SYN-PC30", "leak_rate"
    values = sorted(Decimal(r["value"]) for r in rows if (r["product_code"], r["item"]) == (product, item))
    limit = values[-3]
    body = {"characteristic": item, "value_from": str(limit), "products": [product], **PLAIN}
    told = await ask(engineer, "/trace/localise", body)
    assert (told["bad_when"], told["bad"]) == (f"{item} ≥ {limit}", sum(v >= limit for v in values))
    chinese = app.client("quality_engineer", language="zh-CN")
    refused = await ask(chinese, "/trace/localise", {"value_from": "1"}, 422)
    assert refused["errors"][0]["detail"] == "须同时给出检验项目 characteristic"


async def test_a_lot_that_no_fact_knows_is_not_found_in_both_languages(app):
    for language, said_of_it in (("en", "There is no Lot FG-NEVER"), ("zh-CN", "找不到：批次 FG-NEVER")):
        client = app.client("auditor", language=language)
        for direction in ("backward", "forward"):
            answer = await client.get(f"{API}/trace/lots/FG-NEVER/{direction}")
            assert (answer.status_code, answer.json()["type"]) == (404, "urn:suyuan:problem:not-found")
            assert answer.json()["detail"].casefold() == said_of_it.casefold()
    strange = await app.client("auditor", tenant="t2").get(f"{API}/trace/lots/{BAD_LOT}/backward")
    assert strange.status_code == 404


async def test_a_known_lot_without_neighbours_is_an_empty_trace(app):
    """A raw lot is made of nothing here; a finished lot went into nothing."""
    engineer = app.client("quality_engineer")
    raw = await look(engineer, f"/trace/lots/{BAD_INPUT}/backward")
    finished = await look(engineer, f"/trace/lots/{BAD_LOT}/forward")
    assert (raw["edges"], raw["levels"]) == ([], {BAD_INPUT: 0})
    assert (finished["edges"], finished["levels"]) == ([], {BAD_LOT: 0})
    first = await app.client("auditor").get(f"{API}/trace/lots/{BAD_LOT}/backward", params={"as_of": "investigation:1"})
    assert first.status_code == 404


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"bad_lots": [*BAD_LOTS, "NO-1", "NO-2"]}, {"count": 2, "lots": ["NO-1", "NO-2"]}),
        ({"products": ["SYN-PC30", "PC30"]}, {"products": ["PC30"]}),
        (
            {"characteristic": "leek_rate"},
            {"characteristic": "leek_rate", "known": ["insulation_resistance", "leak_rate"]},
        ),
    ],
)
async def test_a_slip_of_the_pen_is_named_and_never_counted_as_a_bad_item_without_a_lot(app, body, facts):
    case = await opened(app)
    [field, *_] = body
    for path in ("/trace/localise", f"{case.path}/localise"):
        refused = await ask(case.engineer, path, PLAIN | body, 422)
        assert ([one["field"] for one in refused["errors"]], refused["facts"]) == ([f"/{field}"], facts)


async def test_rule_09_a_lot_that_the_customer_named_and_no_record_knows_is_counted_as_such(app):
    case = await confirmed(app, [*BAD_LOTS, "NO-1"])
    told = await ask(case.engineer, "/trace/localise", PLAIN | {"confirmed_in": str(case.id)})
    assert told["without_lot"] == 1
    assert "1 bad items have no lot on record" in told["sentence_en"]
