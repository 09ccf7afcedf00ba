"""The worked example of docs/mappings.md, sent as it stands there."""

from __future__ import annotations

import json

from tests.integration.investigation.casework import upload
from tests.integration.speaking import API, key
from tests.pages import blocks, sent


async def test_the_example_of_the_page_imports_as_the_page_says(app):
    engineer = app.client("quality_engineer", tenant="pages", language="zh-CN")
    [request] = sent("mappings.md")
    published = await engineer.request(request.method, request.path, json=json.loads(request.body))
    assert (published.status_code, published.json()) == (200, {"version": 1})
    document = json.loads(request.body)["document"]
    [text] = blocks("mappings.md", "csv")
    told = await upload(engineer, document["mapping"], text.encode(document["encoding"]))
    said = json.loads(blocks("mappings.md", "json")[1])
    assert {name: told[name] for name in said if name != "errors"} | {"errors": said["errors"]} == said
    assert [{name: error[name] for name in error if name != "detail"} for error in told["errors"]] == said["errors"]
    again = await upload(engineer, document["mapping"], text.encode(document["encoding"]))
    assert again["repeated"] is True


async def test_the_example_reads_as_the_page_explains(app):
    engineer = app.client("quality_engineer", tenant="pages2")
    [request] = sent("mappings.md")
    document = json.loads(request.body)["document"]
    [text] = blocks("mappings.md", "csv")
    form = {"document": json.dumps(document), "dry_run": "true"}
    file = {"file": ("f.csv", text.encode(document["encoding"]))}
    tried = await engineer.post(f"{API}/trace/import", data=form, files=file, headers=key())
    read = [one["record"] for one in tried.json()["first"]]
    shown = [[r[name] for name in ("lot", "characteristic", "value", "unit", "result", "inspected_at")] for r in read]
    assert shown == [
        ["SIL-00017", "volatile_content", "3.39", "mg/g", "pass", "2025-03-03T01:15:00Z"],
        ["SIL-00017", "appearance", None, None, "pass", "2025-03-03T01:15:00Z"],
        ["SIL-00018", "volatile_content", "8.40", "mg/g", "fail", "2025-03-03T02:05:00Z"],
    ]
