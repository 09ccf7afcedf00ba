"""Importing facts over HTTP, and trying an import first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.demo.exports import mapping_document
from shared.kernel.ids import new_id
from tests.integration.investigation.casework import BAD_LOT, corrected, upload
from tests.integration.speaking import API, key, look

HEADER = "SOURCE,BATCH,LOCATION,ITEM,QTY,UOM,STATUS,NODE,COUNTED\n"
GOOD = "SYN-WMS,FG-TRY,L9,SYN-PC30,10,EA,RELEASED,finished_goods_storage,2026-01-05 08:00\n"
STOCK = (HEADER + GOOD + GOOD.replace(",10,", ",ten,")).encode()
INLINE = json.dumps(mapping_document("syn-stock"))


async def send(client: Any, content: bytes, expect: int = 200, **form: str) -> dict[str, Any]:
    answer = await client.post(f"{API}/trace/import", data=form, files={"file": ("f.csv", content)}, headers=key())
    assert answer.status_code == expect, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def written(app: Any) -> tuple[int, int]:
    """How many events and rows of facts there are."""
    pool = app.runtimes["investigation"].resources.pool
    return await pool.fetchval("select count(*) from log.event"), await pool.fetchval("select count(*) from facts.row")


async def test_a_dry_run_says_what_would_be_captured_and_writes_nothing(app):
    engineer = app.client("quality_engineer", language="zh-CN")
    before = await written(app)
    tried = await send(engineer, STOCK, mapping="syn-stock", dry_run="true")
    again = await send(engineer, STOCK, mapping="syn-stock", dry_run="true")
    assert await written(app) == before
    assert tried == again
    assert (tried["dry_run"], tried["rows"], tried["refused_rows"], tried["repeated"]) == (True, 1, 1, False)
    assert [(e["line"], e["column"], "不是数字" in e["detail"]) for e in tried["errors"]] == [(3, "QTY", True)]
    [first] = tried["first"]
    assert (first["record"]["lot"], first["record"]["quantity"]) == ("FG-TRY", "10")
    done = await upload(engineer, "syn-stock", STOCK)
    same = ("batch_id", "kind", "rows", "refused_rows", "superseded", "sha256", "errors")
    assert {name: tried[name] for name in same} == {name: done[name] for name in same}
    known = await send(engineer, STOCK, mapping="syn-stock", dry_run="true")
    assert (known["repeated"], known["rows"]) == (True, 1)


async def test_a_dry_run_counts_what_it_would_correct(app, folder):
    engineer = app.client("quality_engineer")
    anew = corrected(folder, "final_inspection", {"batch_no": BAD_LOT}, {"value": "0.0003"})
    before = await written(app)
    assert (await send(engineer, anew, mapping="syn-final-inspection", dry_run="true"))["superseded"] == 1
    same = corrected(folder, "final_inspection", {"batch_no": BAD_LOT}, {})
    assert (await send(engineer, same, mapping="syn-final-inspection", dry_run="true"))["superseded"] == 0
    assert await written(app) == before
    assert (await upload(engineer, "syn-final-inspection", anew))["superseded"] == 1


async def test_a_mapping_may_be_tried_before_it_is_published(app):
    engineer = app.client("quality_engineer", tenant="t2")
    tried = await send(engineer, STOCK, document=INLINE, dry_run="true")
    assert (tried["rows"], tried["refused_rows"], tried["repeated"]) == (1, 1, False)
    await send(engineer, STOCK, 404, mapping="syn-stock", dry_run="true")
    wrong = mapping_document("syn-stock") | {"kind": "nonsense"}
    refused = await send(engineer, STOCK, 422, document=json.dumps(wrong), dry_run="true")
    assert refused["type"] == "urn:suyuan:problem:mapping-invalid"
    assert all(one["field"].startswith("/document/") for one in refused["errors"])
    assert len(refused["errors"]) == len(refused["facts"]["problems"]) > 0


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"document": INLINE}, ["/document"]),
        ({"document": INLINE, "dry_run": "false"}, ["/document"]),
        ({"mapping": "syn-stock", "document": INLINE}, ["/document"]),
        ({"mapping": "syn-stock", "document": INLINE, "dry_run": "true"}, ["/mapping", "/document"]),
        ({}, ["/mapping"]),
        ({"dry_run": "true"}, ["/mapping"]),
        ({"document": "{not json", "dry_run": "true"}, ["/document"]),
        ({"document": "[" * 100_000, "dry_run": "true"}, ["/document"]),
    ],
)
async def test_an_import_takes_a_published_mapping_and_only_a_dry_run_an_inline_one(app, form, fields):
    before = await written(app)
    refused = await send(app.client("quality_engineer"), STOCK, 422, **form)
    assert [one["field"] for one in refused["errors"]] == fields
    assert await written(app) == before


async def test_an_empty_file_is_refused_in_a_dry_run_too_and_who_may_not_import_may_not_try(app):
    refused = await send(app.client("quality_engineer"), HEADER.encode(), 422, mapping="syn-stock", dry_run="true")
    assert refused["type"] == "urn:suyuan:problem:file-empty"
    await send(app.client("supplier"), STOCK, 403, mapping="syn-stock", dry_run="true")


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_a_file_that_stops_being_a_csv_after_many_rows_shows_none_of_them(app, dry_run):
    engineer = app.client("quality_engineer", language="zh-CN")
    before = await written(app)
    broken = (HEADER + "".join(GOOD.replace("FG-TRY", f"FG-{n}") for n in range(5000)) + '"SYN-WMS,FG-X,L9').encode()
    refused = await send(engineer, broken, 422, mapping="syn-stock", dry_run=dry_run)
    assert refused["type"] == "urn:suyuan:problem:csv-malformed"
    assert "第 5002 行" in refused["detail"]
    assert refused["errors"][0]["field"] == "/file"
    events, _ = before
    assert (await written(app))[0] == events
    mended = broken.replace(b'"SYN', b"SYN") + GOOD.encode()[len("SYN-WMS,FG-TRY,L9") :]
    tried = await send(engineer, mended, mapping="syn-stock", dry_run="true")
    assert (tried["rows"], tried["superseded"], tried["repeated"]) == (5001, 0, False)


async def test_a_published_mapping_is_shown_with_the_version_that_publishing_gave_it(app):
    engineer = app.client("quality_engineer", tenant="t3")
    unnumbered = {name: value for name, value in mapping_document("syn-stock").items() if name != "version"}
    for version, reason in ((1, "first"), (2, "second")):
        done = await engineer.put(
            f"{API}/mappings", json={"document": unnumbered | {"notes": [reason]}, "reason": reason}, headers=key()
        )
        assert done.json()["version"] == version
    at = {"Suyuan-After": done.headers["Suyuan-Position"]}
    shown = (await engineer.get(f"{API}/mappings", headers=at)).json()["items"]
    assert [(one["version"], one["document"]["version"], one["reason"]) for one in shown] == [
        (2, 2, "second"),
        (1, 1, "first"),
    ]


async def test_imports_are_listed_and_a_cited_fact_is_read_with_what_corrected_it(app, folder):
    engineer, auditor = app.client("quality_engineer"), app.client("auditor")
    page = await look(auditor, "/trace/imports", limit=2)
    assert (len(page["items"]), page["next"] is None) == (2, False)
    inspected = (await look(auditor, "/trace/imports", kind="final_inspection"))["items"]
    assert {one["kind"] for one in inspected} == {"final_inspection"}
    assert (await look(auditor, "/trace/imports", to="2020-01-01T00:00:00Z"))["items"] == []
    lot = "FG-0000005"
    first = (await look(auditor, f"/trace/lots/{lot}/backward", max_levels=1))["inspections"][lot][-1]
    ref = first["evidence"]
    path = f"/trace/imports/{ref['batch']}/rows/{ref['row']}"
    seen = await look(auditor, path)
    assert (seen["kind"], seen["evidence"], seen["corrected_by"]) == ("final_inspection", ref, None)
    assert (seen["record"]["lot"], seen["record"]["value"]) == (lot, first["value"])
    anew = corrected(
        folder, "final_inspection", {"batch_no": lot, "item": first["characteristic"]}, {"value": "0.0007"}
    )
    done = await upload(engineer, "syn-final-inspection", anew)
    [again] = (await look(auditor, "/trace/imports", done["at"], limit=1))["items"]
    assert (again["id"], again["superseded"], again["rows"]) == (done["batch_id"], 1, 1)
    assert (await look(auditor, path))["corrected_by"]["batch"] == done["batch_id"]
    for reader, nothing in ((auditor, f"/trace/imports/{new_id()}/rows/0"), (app.client("auditor", tenant="t2"), path)):
        assert (await reader.get(f"{API}{nothing}")).status_code == 404


async def test_imports_with_refused_rows_are_found(app):
    engineer = app.client("quality_engineer")
    done = await upload(engineer, "syn-stock", STOCK.replace(b"FG-TRY", b"FG-TRY-2"))
    listed = (await look(engineer, "/trace/imports", done["at"], refused="true"))["items"]
    assert [(one["id"], one["refused_rows"]) for one in listed if one["id"] == done["batch_id"]] == [
        (done["batch_id"], 1)
    ]
    rest = (await look(engineer, "/trace/imports", refused="false"))["items"]
    assert done["batch_id"] not in {one["id"] for one in rest}
