"""Every operation with a body, sent what it can't take: refused in both languages, the field named, nothing done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shared.kernel.ids import new_id
from tests.e2e.operations import Operation, good, longest, mistyped, takes_anything
from tests.e2e.populated import TENANT, Populated

pytestmark = pytest.mark.usefixtures("nothing_appended")

MIB = 1 << 20
JSON = "application/json"


@dataclass(frozen=True)
class Refusal:
    """What is sent, and what must be said of it: the pointer of one of the named fields, and its code."""

    sent: bytes
    status: int
    field: str | None = None
    code: str | None = None
    content_type: str = JSON


async def refused(world: Populated, one: Operation, wrong: Refusal) -> Iterator[str]:
    """What is amiss in the two answers, the Chinese and the English."""
    said = {}
    for language in ("zh-CN", "en"):
        client = world.app.client(min(one.roles), TENANT, language=language)
        headers = {"Content-Type": wrong.content_type, "Idempotency-Key": str(new_id())}
        if not one.is_write:
            del headers["Idempotency-Key"]
        answer = await client.request(one.method, one.url(world.ids), content=wrong.sent, headers=headers)
        said[language] = answer
    where = f"{one.name} {wrong.field or wrong.code or wrong.content_type}"
    return (f"{where}: {problem}" for problem in _amiss(said["zh-CN"], said["en"], wrong))


def _amiss(zh: httpx.Response, en: httpx.Response, wrong: Refusal) -> Iterator[str]:
    for answer in (zh, en):
        if answer.status_code != wrong.status or answer.headers["content-type"] != "application/problem+json":
            yield f"{answer.status_code} {answer.text[:200]}"
            return
    chinese, english = zh.json(), en.json()
    if not _is_chinese(chinese["detail"]) or _is_chinese(english["detail"]) or chinese["title"] == english["title"]:
        yield f"not in its language: {chinese['detail']} / {english['detail']}"
    for problem, is_chinese in ((chinese, True), (english, False)):
        named = [(e["field"], e["code"], e["detail"]) for e in problem.get("errors", ())]
        yield from (f"not in its language: {detail}" for *_, detail in named if _is_chinese(detail) != is_chinese)
        if wrong.field is not None and not any(_is_it(wrong, field, code) for field, code, _ in named):
            yield f"named are {named}"


def _is_it(wrong: Refusal, field: str, code: str) -> bool:
    return field.split("/")[:2] == (wrong.field or "").split("/")[:2] and wrong.code in (None, code)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


async def sweep(world: Populated, every: list[Operation], made: Callable[[Operation], Iterator[Refusal]]) -> None:
    tried, found = 0, []
    for one in every:
        for wrong in made(one) if one.takes_json else ():
            tried += 1
            found += await refused(world, one, wrong)
    assert not found, "\n".join(["", *found])
    assert tried > 50


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def fields(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = (one.body or {})["properties"]
    return found


def body_of(one: Operation) -> dict[str, Any]:
    made: dict[str, Any] = good(one.body or {})
    return made


async def test_a_missing_field_is_named(world, every):
    def made(one: Operation) -> Iterator[Refusal]:
        for name in (one.body or {}).get("required", ()):
            rest = {key: value for key, value in body_of(one).items() if key != name}
            yield Refusal(encoded(rest), 422, f"/{name}", "missing")

    await sweep(world, every, made)


async def test_an_unknown_field_is_named(world, every):
    def made(one: Operation) -> Iterator[Refusal]:
        yield Refusal(encoded(body_of(one) | {"nonsense": 1}), 422, "/nonsense", "extra-forbidden")

    await sweep(world, every, made)


async def test_a_mistyped_field_is_named(world, every):
    def made(one: Operation) -> Iterator[Refusal]:
        for name, schema in fields(one).items():
            if not takes_anything(schema):
                yield Refusal(encoded(body_of(one) | {name: mistyped(schema)}), 422, f"/{name}")

    await sweep(world, every, made)


async def test_a_null_where_a_value_is_needed_is_named(world, every):
    def made(one: Operation) -> Iterator[Refusal]:
        for name in (one.body or {}).get("required", ()):
            if not takes_anything(fields(one)[name]):
                yield Refusal(encoded(body_of(one) | {name: None}), 422, f"/{name}")

    await sweep(world, every, made)


async def test_a_text_too_long_is_named(world, every):
    def made(one: Operation) -> Iterator[Refusal]:
        for name, schema in fields(one).items():
            most = longest(schema)
            if most is not None:
                long = encoded(body_of(one) | {name: "x" * (most + 1)})
                yield Refusal(long, 422, f"/{name}", "string-too-long")

    await sweep(world, every, made)


async def test_every_text_has_a_limit(every):
    free = [
        f"{one.name} {name}"
        for one in every
        if one.takes_json
        for name, schema in fields(one).items()
        if schema.get("type") == "string" and not {"maxLength", "format", "enum", "const", "pattern"} & set(schema)
    ]
    assert free == []


@pytest.mark.parametrize(
    ("escape", "code"),
    [("\\u0000", "nul-character"), ("\\ud800", "lone-surrogate"), ("\\u0073ealed:1:", "sealed-text")],
    ids=["NUL", "lone surrogate", "seal"],
)
async def test_a_text_that_cannot_be_kept_is_named(world, every, escape, code):
    def made(one: Operation) -> Iterator[Refusal]:
        for name, schema in fields(one).items():
            if longest(schema) is not None:
                sent = encoded(body_of(one) | {name: "HERE"}).replace(b'"HERE"', b'"a' + escape.encode() + b'b"')
                yield Refusal(sent, 422, f"/{name}", code)

    await sweep(world, every, made)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b'{"a": "\xff"}', "invalid-utf8"),
        (b'{"a": "\xed\xa0\x80"}', "invalid-utf8"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "too-deep"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a": ', "json-invalid"),
        (b"[]", None),
        (b'"text"', None),
    ],
    ids=["bytes", "surrogate bytes", "65 deep", "100,000 deep", "cut off", "array", "text"],
)
async def test_a_body_that_is_no_object_of_json_is_refused(world, every, sent, code):
    await sweep(world, every, lambda _: iter([Refusal(sent, 422, "", code)]))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/json; charset=gbk", "multipart/form-data"]
)
async def test_another_content_type_is_415(world, every, kind):
    await sweep(world, every, lambda one: iter([Refusal(encoded(body_of(one)), 415, content_type=kind)]))


async def test_a_body_above_the_limit_is_413(world, every):
    await sweep(world, every, lambda _: iter([Refusal(b" " * MIB + b"{}", 413)]))


async def test_a_body_where_none_is_taken_is_refused(world, every):
    found = []
    bare = [one for one in every if one.is_write and one.media_type is None]
    for one in bare:
        found += await refused(world, one, Refusal(b'{"nonsense": 1}', 422, "", "body-not-expected"))
    assert found == []
    assert len(bare) > 4


MULTIPART = "multipart/form-data; boundary=x"


async def test_an_upload_without_its_file_or_of_another_kind_is_refused(world, every):
    found = []
    uploads = [one for one in every if one.media_type == "multipart/form-data"]
    for one in uploads:
        found += await refused(world, one, Refusal(b"{}", 415))
        empty = Refusal(b"--x--\r\n", 422, content_type=MULTIPART)
        found += await refused(world, one, empty)
        seal = b'--x\r\nContent-Disposition: form-data; name="file"; filename="sealed:1:a.csv"\r\n\r\na\r\n--x--\r\n'
        found += await refused(world, one, Refusal(seal, 422, "/file", "sealed-text", MULTIPART))
        cut_off = Refusal(b"--x\r\nContent-Disp", 422, content_type=MULTIPART)
        found += await refused(world, one, cut_off)
    assert found == []
    assert len(uploads) >= 2
