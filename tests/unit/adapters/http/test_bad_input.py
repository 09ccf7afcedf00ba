"""Every bad input of issue 3: a clear bilingual problem that names the field, and the route never runs."""

from __future__ import annotations

import json

import pytest

from shared.adapters.http.json_guard import MAX_DEPTH

KEY = {"Idempotency-Key": "k-1"}


def body(**changes) -> dict:
    return {"title": "漏液", "severity": "major", "heard_at": "2026-01-02T03:04:05+08:00"} | changes


ITEM = {"lot": "L1", "quantity": 1}

WRONG_FIELDS = [
    ({"title": None}, "/title", "string-type", "应为字符串", "must be a string"),
    ({"title": ""}, "/title", "string-too-short", "至少 1 个字符", "must have at least 1 character(s)"),
    ({"title": "   "}, "/title", "blank", "不能为空白", "must not be blank"),
    ({"title": "x" * 201}, "/title", "string-too-long", "最多 200 个字符", "must have at most 200 character(s)"),
    ({"title": "a\nb"}, "/title", "control-character", "不能含控制字符", "must not hold control characters"),
    ({"title": "a\u001bb"}, "/title", "control-character", "不能含控制字符", "must not hold control characters"),
    ({"severity": "huge"}, "/severity", "literal-error", "只能是：'minor' 或 'major'", "must be 'minor' or 'major'"),
    ({"heard_at": "2026-01-02T03:04:05"}, "/heard_at", "datetime-parsing", "应为带时区", "with its offset"),
    ({"heard_at": 1767294245}, "/heard_at", "datetime-parsing", "RFC 3339", "RFC 3339"),
    ({"heard_at": "soon"}, "/heard_at", "datetime-parsing", "RFC 3339", "RFC 3339"),
    ({"heard_at": "1767294245"}, "/heard_at", "datetime-parsing", "RFC 3339", "RFC 3339"),
    ({"heard_at": "2026-02-30T00:00:00Z"}, "/heard_at", "datetime-from-date-parsing", "RFC 3339", "RFC 3339"),
    ({"product": "42"}, "/product", "uuid-parsing", "应为 UUID", "must be a UUID"),
    ({"price": "NaN"}, "/price", "finite-number", "应为有限的数", "must be a finite number"),
    ({"price": "1.1234567"}, "/price", "decimal-max-places", "最多 6 位小数", "at most 6 decimal places"),
    ({"price": "9" * 19}, "/price", "decimal-max-digits", "最多 18 位数字", "at most 18 digits"),
    ({"unknown": 1}, "/unknown", "extra-forbidden", "未知字段", "is not a known field"),
    ({"a/b~c": 1}, "/a~1b~0c", "extra-forbidden", "未知字段", "is not a known field"),
    ({"items": [ITEM, {**ITEM, "quantity": "1"}]}, "/items/1/quantity", "int-type", "应为整数", "must be an integer"),
    ({"items": [{**ITEM, "quantity": True}]}, "/items/0/quantity", "int-type", "应为整数", "must be an integer"),
    ({"items": [{**ITEM, "quantity": -1}]}, "/items/0/quantity", "greater-than-equal", "不能小于 0", "at least 0"),
    ({"items": [{"quantity": 1}]}, "/items/0/lot", "missing", "必须提供", "is required"),
    ({"items": {}}, "/items", "tuple-type", "应为数组", "must be an array"),
    ({"title": "\u0000"}, "/title", "nul-character", "\\u0000", "\\u0000"),
    ({"items": [{"lot": "\ud800", "quantity": 1}]}, "/items/0/lot", "lone-surrogate", "代理字符", "surrogate"),
    ({"title": "see sealed:1:x"}, "/title", "sealed-text", "加密标记 sealed:1:", "mark of a sealed text"),
    ({"items": [{**ITEM, "quantity": 2**53}]}, "/items/0/quantity", "number-range", "2^53", "2^53"),
]


@pytest.mark.parametrize(("change", "field", "code", "zh", "en"), WRONG_FIELDS)
async def test_a_wrong_field_is_named_in_both_languages(agent, demo, change, field, code, zh, en):
    sent = json.dumps(body(**change)).encode()
    for language, text in (("zh-CN", zh), ("en", en)):
        headers = KEY | {"Accept-Language": language, "Content-Type": "application/json"}
        answer = await agent.post("/api/v1/complaints", content=sent, headers=headers)
        problem = answer.json()
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language
        assert problem["type"] == "urn:suyuan:problem:invalid-request"
        [error] = problem["errors"]
        assert (error["in"], error["field"], error["code"]) == ("body", field, code)
        assert text in error["detail"]
        assert field in problem["detail"]
        assert problem["correlation_id"] == answer.headers["x-correlation-id"]
    assert demo.seen == []


WRONG_BODIES = [
    (b"", "missing"),
    (b"{", "json-invalid"),
    (b"[]", "model-type"),
    (b"null", "model-type"),
    (b'{"title":"\xff"}', "invalid-utf8"),
    (b'{"title":"\xed\xa0\x80"}', "invalid-utf8"),
    (b"\xef\xbb\xbf{}", "json-invalid"),
    (b'{"title":"a","title":"b"}', "duplicate-key"),
    (b'{"price":NaN}', "not-a-number"),
    (b'{"price":-Infinity}', "not-a-number"),
    (b'{"price":NaN', "json-invalid"),
    (b'{"price":NaN,"severity":1,"severity":2}', "not-a-number"),
    (b'{"price":1e999}', "number-range"),
    (b'{"price":' + b"9" * 5000 + b"}", "number-range"),
    (b'{"title":"a\x00"}', "json-invalid"),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too-deep"),
    (b'{"a":' * 3000 + b"1" + b"}" * 3000, "too-deep"),
]


@pytest.mark.parametrize(("raw", "code"), WRONG_BODIES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_body_that_is_no_good_json_is_refused(agent, demo, raw, code, language):
    headers = KEY | {"Content-Type": "application/json", "Accept-Language": language}
    answer = await agent.post("/api/v1/complaints", content=raw, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.headers["content-language"] == language
    assert demo.seen == []


async def test_every_wrong_field_is_named_at_once(agent):
    answer = await agent.post("/api/v1/complaints", json={"title": 1, "x": 1}, headers=KEY)
    found = {error["field"]: error["code"] for error in answer.json()["errors"]}
    assert found == {"/title": "string-type", "/severity": "missing", "/heard_at": "missing", "/x": "extra-forbidden"}


async def test_deep_but_allowed_json_passes_the_guard(agent):
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    answer = await agent.post("/api/v1/complaints", content=raw, headers=KEY | {"Content-Type": "application/json"})
    assert answer.json()["errors"][0]["code"] == "model-type"


@pytest.mark.parametrize("kind", [None, "text/plain", "application/xml", "application/json; charset=gbk"])
async def test_another_content_type_is_415(agent, good, kind):
    headers = KEY | ({"Content-Type": kind} if kind else {})
    answer = await agent.post("/api/v1/complaints", content=json.dumps(good).encode(), headers=headers)
    assert answer.status_code == 415
    assert answer.json()["title"] == "内容类型不支持"


@pytest.mark.parametrize("coding", ["gzip", "BR", "identity, gzip", "x"])
async def test_a_packed_body_is_415_and_named(agent, good, coding):
    headers = KEY | {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = await agent.post("/api/v1/complaints", content=json.dumps(good).encode(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:suyuan:problem:content-coded")
    assert f"「{coding}」" in answer.json()["detail"]
    as_it_is = headers | {"Content-Encoding": "Identity"}
    answer = await agent.post("/api/v1/complaints", content=json.dumps(good).encode(), headers=as_it_is)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, "Idempotency-Key"),
        ({"Idempotency-Key": ""}, "Idempotency-Key"),
        ({"Idempotency-Key": "x" * 201}, "Idempotency-Key"),
        ({"Idempotency-Key": "a b"}, "Idempotency-Key"),
        ({"Idempotency-Key": "键".encode()}, "Idempotency-Key"),
        (KEY | {"If-Match": "*"}, "If-Match"),
        (KEY | {"If-Match": 'W/"3"'}, "If-Match"),
        (KEY | {"If-Match": "3"}, "If-Match"),
        (KEY | {"If-Match": '"-1"'}, "If-Match"),
        (KEY | {"If-Match": '"3", "4"'}, "If-Match"),
        (KEY | {"If-Match": '"99999999999999999999"'}, "If-Match"),
    ],
)
async def test_a_bad_header_is_400_and_named(agent, good, headers, name, demo):
    answer = await agent.post("/api/v1/complaints", json=good, headers=headers)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["in"], error["field"]) == ("header", name)
    assert name in answer.json()["detail"]
    assert demo.seen == []


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("limit=0", 400, "limit"),
        ("limit=201", 400, "limit"),
        ("limit=-1", 400, "limit"),
        ("limit=1.5", 400, "limit"),
        ("limit=٣", 400, "limit"),
        ("cursor=x", 400, "cursor"),
        ("cursor=" + "A" * 3000, 400, "cursor"),
        ("stat=open", 422, "stat"),
        ("as_of=2026-01-01T00:00:00Z", 422, "as_of"),
        ("state=%00", 422, ""),
        ("state=%ff", 422, ""),
    ],
)
async def test_a_bad_query_is_named(agent, query, status, field):
    answer = await agent.get(f"/api/v1/complaints?{query}")
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "as_of",
    [
        "yesterday",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "intake",
        "intake:-1",
        "x:1",
        "intake:1,intake:2",
        "0001-01-01T00:00:00+14:00",
        "",
    ],
)
async def test_a_bad_as_of_is_400(agent, as_of):
    answer = await agent.get("/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001", params={"as_of": as_of})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "as_of"


async def test_a_bad_suyuan_after_is_400(agent):
    answer = await agent.get("/api/v1/complaints", headers={"Suyuan-After": "intake=3"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Suyuan-After")


async def test_a_malformed_id_is_422_and_named(agent):
    answer = await agent.get("/api/v1/complaints/42")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["in"], error["field"], error["detail"]) == (422, "path", "id_", "应为 UUID")


async def test_a_body_where_none_belongs_is_refused(agent):
    address = "/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001/acknowledge"
    assert (await agent.post(address, json={})).status_code == 200
    answer = await agent.post(address, json={"note": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "body-not-expected")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/", "/api/v1/complaints/a/b/c/d", "/api/v1/complaints/%00"])
async def test_an_unknown_path_is_404(agent, path):
    answer = await agent.delete(path) if path == "/" else await agent.get(path)
    assert answer.status_code == (405 if path == "/" else 404)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_another_method_is_405_naming_the_allowed(agent):
    answer = await agent.put("/api/v1/complaints", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["detail"] == "该地址只接受 GET, POST"
