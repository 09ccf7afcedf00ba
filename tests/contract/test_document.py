"""The OpenAPI document as a newcomer reads it: what comes back, who may, in which order, and bodies that are taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter
from jsonschema import Draft202012Validator

from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings
from shared.adapters.http.answers import RouteWithoutAnswer
from shared.adapters.http.app import SuyuanApp, build_app
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.http.policy import ROLE_NAMES, policy
from shared.adapters.settings import Settings
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id

METHODS = frozenset({"get", "put", "post", "delete", "patch"})


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return embedded_settings(tmp_path_factory.mktemp("document"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings) -> SuyuanApp:
    """Async: pools are made for a loop, and a test before may have ended the thread's own."""
    return build_app(list(unconnected(settings).values()), settings)


@pytest.fixture(scope="module")
def document(app) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))


def operations(document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield f"{method.upper()} {path}", operation


class Silent:
    """A service whose one route says not what it answers."""

    name = "silent"

    def __init__(self) -> None:
        self.router = APIRouter()

        @self.router.get("/api/v1/silent", dependencies=[policy("admin")])
        async def silent() -> None:
            """不说 · Says nothing."""


async def test_a_route_without_a_declared_answer_keeps_the_document_from_being_made(settings):
    app = build_app([*unconnected(settings).values(), Silent()], settings)
    with pytest.raises(RouteWithoutAnswer, match="/api/v1/silent has no answer"):
        app.openapi()


def test_every_good_answer_says_what_it_holds(document):
    bare = [
        f"{name} {status} {media_type}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media_type, content in response.get("content", {"nothing": {}}).items()
        if not content.get("schema")
    ]
    assert bare == []


def test_every_object_of_an_answer_has_its_fields(document):
    schemas = document["components"]["schemas"]
    for name, operation in operations(document):
        for status in ("200", "201"):
            said = (
                operation["responses"].get(status, {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            if "$ref" in said:
                assert schemas[said["$ref"].rpartition("/")[2]]["properties"], name


def test_files_pages_and_lines_have_their_media_type(document):
    def media_types(path: str) -> list[str]:
        return list(document["paths"][path]["get"]["responses"]["200"]["content"])

    one = "/api/v1/investigations/{investigation_id}"
    assert media_types("/api/v1/intake/audit/events") == ["application/x-ndjson"]
    assert media_types(f"{one}/report.{{form}}") == ["application/json", "text/html"]
    assert media_types("/api/v1/complaints/{complaint_id}/attachments/{attachment_id}") == ["*/*"]


def test_who_may_call_stands_in_the_description_in_both_languages(document):
    silent = [
        name
        for name, operation in operations(document)
        if "谁可以 · Who may" not in operation["description"]
        or ("任何角色 · any role" not in operation["description"] and not _named(operation))
    ]
    assert silent == []
    close = document["paths"]["/api/v1/capas/{capa_id}/close"]["post"]["description"]
    assert close == "**谁可以 · Who may**: 质量经理 Quality manager (`quality_manager`), 管理员 Administrator (`admin`)"


def _named(operation: dict[str, Any]) -> bool:
    roles = operation["x-suyuan-roles"]
    return all(f"{' '.join(ROLE_NAMES[role])} (`{role}`)" in operation["description"] for role in roles)


def test_the_tags_follow_the_five_steps_and_each_says_what_it_is(document):
    names = [tag["name"] for tag in document["tags"]]
    steps = [
        "投诉 complaints",
        "调查 investigations",
        "原因 causes",
        "责任 responsibility",
        "CAPA",
        "指标 analytics",
        "审计 audit",
    ]
    assert [name for name in names if name in steps] == steps
    assert names[0] == "投诉 complaints"
    assert [tag["name"] for tag in document["tags"] if " · " not in tag["description"]] == []
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used == set(names)


def test_the_way_to_a_token_is_told(document):
    told = document["components"]["securitySchemes"]["bearer"]["description"]
    assert "/dev/login" in told
    assert "python -m deploy token" in told


def test_a_page_has_its_greatest_size(document, settings):
    limits = [
        (name, parameter["schema"].get("maximum"))
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "limit"
    ]
    assert ("GET /api/v1/complaints", settings.max_page) in limits
    assert [name for name, most in limits if most is None] == []


def test_every_field_of_a_body_is_explained_in_both_languages(document):
    bodies = {
        name: one
        for name, one in document["components"]["schemas"].items()
        if name.startswith("Body_") or name.endswith("Body")
    }
    dumb = [
        f"{name}.{field}"
        for name, one in bodies.items()
        for field, schema in one["properties"].items()
        if "·" not in schema.get("description", "")
    ]
    assert len(bodies) > 50
    assert dumb == []


def test_every_example_is_taken_by_its_body(app, document):
    taken = 0
    for entry in app.dispatcher.entries:
        if entry.plan.takes != "json":
            continue
        for method in entry.methods:
            content = document["paths"][entry.path][method.lower()]["requestBody"]["content"]["application/json"]
            entry.plan._body(json.dumps(content["example"]).encode())  # raises InvalidRequest, naming the field
            whole = {**content["schema"], "components": document["components"]}
            Draft202012Validator(whole).validate(content["example"])
            taken += 1
    assert taken > 55


def test_an_example_has_what_a_person_would_write(document):
    register = document["paths"]["/api/v1/complaints"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert register["channel"] == "phone"
    assert register["customer"] == {
        "name": "华东电子有限公司",
        "contact": "王工",
        "phone": "+86 21 5555 0100",
        "account": "C-1001",
    }
    assert register["items"][0]["quantity_affected"] == "12"
    assert register["items"][0]["lot"] == "FG-0042"


def test_every_integer_of_a_path_or_a_query_has_its_bounds(document):
    """Beyond what the database counts to it would be refused there: in mid-answer, or with a 500."""
    unbounded = [
        f"{name} {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        for schema in (parameter["schema"], *parameter["schema"].get("anyOf", ()))
        if schema.get("type") in {"integer", "number"} and not {"minimum", "maximum"} <= set(schema)
    ]
    assert unbounded == []


async def test_an_integer_beyond_64_bits_is_refused_by_its_name(app, settings, document):
    """Where a body isn't asked for, so that nothing else is wrong."""
    token = LocalIssuer(settings, system_clock).token(["admin", "auditor"])
    transport = httpx.ASGITransport(app)
    asked = 0
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        for name, operation in operations(document):
            if "requestBody" in operation:
                continue
            method, path = name.split()
            parameters = operation.get("parameters", ())
            for number in [each for each in parameters if each["schema"].get("type") == "integer"]:
                sent = {p["name"]: p["schema"].get("enum", [new_id()])[0] for p in parameters if p["in"] == "path"}
                sent |= {number["name"]: str(10**20)}
                query = {number["name"]: 10**20} if number["in"] == "query" else {}
                answer = await client.request(method, path.format(**sent), params=query)
                assert answer.status_code in {400, 422}, name
                assert number["name"] in [each["field"] for each in answer.json()["errors"]], name
                asked += 1
    assert asked > 10
