"""Every operation of every service: who may call it, whose things it shows, which version and which key it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings
from shared.adapters.http.app import build_app
from shared.adapters.http.policy import ROLES, RouteWithoutPolicy
from shared.kernel.ids import new_id
from tests.e2e.operations import Operation, good
from tests.e2e.populated import STOCK, TENANT, Populated
from tests.e2e.test_embedded import PICTURE

FOREIGN = "t2"
pytestmark = pytest.mark.usefixtures("nothing_appended")


def sent_with(one: Operation, **headers: str) -> dict[str, Any]:
    """A request that the document calls good."""
    made: dict[str, Any] = {"headers": headers}
    if one.is_create:
        made["headers"] = {"Idempotency-Key": str(new_id()), **headers}
    if one.takes_json:
        own = good(one.body or {})
        made["json"] = own | {name: value for name, value in SENSIBLE.items() if name in (one.body or {})["properties"]}
    elif one.media_type == "multipart/form-data":
        made["files"] = {"file": ("a.png", PICTURE)}
        made["data"] = {"mapping": "syn-stock"} if "mapping" in (one.body or {}).get("properties", {}) else None
    return made


SENSIBLE = {"node": "incoming_inspection", "item_no": 1, "lot": "FG-0042", "parties": {"supplier": "S-07"}}
"""What exists in every tenant, or is looked up before the stream that a path names."""


OWN = {"supplier": ("supplier:S-07",), "department_lead": ("department:quality",)}
"""Whom the roles speak for that stand for a party."""


def all_are(answers: list[tuple[str, httpx.Response]], status: int, code: str = "") -> None:
    """Every answer is such a problem; where some are not, they are all said."""
    assert answers
    none_of(
        f"{name}: {answer.status_code} {answer.text[:200]}"
        for name, answer in answers
        if answer.status_code != status
        or answer.headers["content-type"] != "application/problem+json"
        or (code and answer.json()["type"] != f"urn:suyuan:problem:{code}")
    )


def none_of(found: Iterable[str]) -> None:
    lines = list(found)
    assert not lines, "\n".join(["", *lines])


def unknown_ids(world: Populated) -> dict[str, str]:
    return {name: str(new_id()) if "-" in held and len(held) == 36 else "999" for name, held in world.ids.items()}


class Unguarded:
    """A service whose one route says not who may call it."""

    name = "unguarded"

    def __init__(self) -> None:
        self.router = APIRouter()

        @self.router.get("/api/v1/unguarded")
        async def unguarded() -> None:
            """无策略 · No policy."""


def test_a_route_without_a_policy_keeps_the_application_from_being_built(tmp_path):
    settings = embedded_settings(tmp_path)
    with pytest.raises(RouteWithoutPolicy, match="/api/v1/unguarded"):
        build_app([*unconnected(settings).values(), Unguarded()], settings)


async def test_without_a_token_every_operation_answers_401(world, every):
    client = world.app.client(None)
    answers = [(one.name, await client.request(one.method, one.url(world.ids))) for one in every]
    all_are(answers, 401, "unauthenticated")
    assert [name for name, answer in answers if "Bearer" not in answer.headers["www-authenticate"]] == []


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_outside_the_policy_gets_403_and_one_inside_does_not(world, every, role):
    client, ids = world.app.client(role), unknown_ids(world)
    answers = [(one, await client.request(one.method, one.url(ids))) for one in every]
    outside = [(one.name, answer) for one, answer in answers if role not in one.roles]
    all_are(outside, 403, "role-missing")
    inside = [f"{one.name}: {a.status_code}" for one, a in answers if role in one.roles and a.status_code in (401, 403)]
    none_of(inside)


async def test_another_tenants_thing_is_not_there(world, every):
    answers = []
    for one in every:
        for role in sorted(one.roles) if one.ids else ():
            client = world.app.client(role, FOREIGN, parties=OWN.get(role, ()))
            answers.append(
                (f"{role} {one.name}", await client.request(one.method, one.url(world.ids), **sent_with(one)))
            )
    assert len(answers) > 200
    all_are(answers, 404)


async def test_an_unknown_id_is_not_there(world, every):
    answers = []
    for one in every:
        for nth in range(len(one.ids)):
            ids = world.ids | {name: unknown_ids(world)[name] for name in one.ids[nth:]}
            client = world.app.client(min(one.roles), TENANT)
            answers.append((f"{one.url(ids)}", await client.request(one.method, one.url(ids), **sent_with(one))))
    all_are(answers, 404)


async def test_another_tenants_name_for_a_thing_tells_no_more_than_one_that_nobody_has(world, every):
    for one in every:
        for name in one.names:
            client = world.app.client(min(one.roles), FOREIGN)
            held, unheld = (one.url(world.ids | {name: value}) for value in (world.ids[name], "NO-SUCH"))
            known, unknown = await client.get(held), await client.get(unheld)
            assert known.status_code == unknown.status_code, one.name
            assert told(known) == told(unknown).replace("NO-SUCH", world.ids[name]), one.name


def told(answer: httpx.Response) -> str:
    """All of an answer but the number of the call itself, which a problem names."""
    body = answer.json()
    return answer.text.replace(body["correlation_id"], "") if "correlation_id" in body else answer.text


async def test_an_id_that_is_none_is_refused_and_named(world, every):
    wrong = []
    for one in every:
        for name in one.ids:
            client = world.app.client(min(one.roles), TENANT)
            answer = await client.request(one.method, one.url(world.ids | {name: "no-id"}), **sent_with(one))
            if answer.status_code != 422 or answer.json()["errors"][0]["field"] != name:
                wrong.append(f"{one.name}: {answer.status_code} {answer.text[:200]}")
    none_of(wrong)


async def published_documents(world: Populated) -> dict[str, dict[str, Any]]:
    """A content that each of these takes, so that only the version is wrong: what holds already, and a stock list."""
    mapping = (await world.read("/api/v1/mappings"))["items"][0]["document"]
    found = {"/api/v1/mappings": {"document": mapping}}
    for path in ("/api/v1/triage-rules", "/api/v1/responsibility-rules"):
        found[path] = {"document": (await world.read(path))["document"]}
    return found


async def test_a_stale_version_is_412_on_every_write(world, every):
    answers, documents = [], await published_documents(world)
    for one in every:
        if one.is_write:
            client = world.app.client("admin" if "admin" in one.roles else min(one.roles), TENANT)
            sent = sent_with(one, **{"If-Match": '"999"'})
            body = sent.get("json", {})
            body.update({name: world.ids[name] for name in body if name in world.ids and name not in SENSIBLE})
            sent.get("json", {}).update(documents.get(one.path, {}))
            if one.path == "/api/v1/trace/import":
                sent["files"] = {"file": ("stock.csv", STOCK.encode(), "text/csv")}
            answers.append((one.name, await client.request(one.method, one.url(world.ids), **sent)))
    assert len(answers) == sum(one.is_write for one in every) > 60
    all_are(answers, 412, "version-conflict")


@pytest.mark.parametrize("sent", ["999", "*", 'W/"1"', '"1", "2"', '"-1"'])
async def test_an_if_match_that_names_no_version_is_400(world, every, sent):
    answers = []
    for one in every:
        if one.is_write:
            client = world.app.client(min(one.roles), TENANT)
            request = sent_with(one, **{"If-Match": sent})
            answers.append((one.name, await client.request(one.method, one.url(world.ids), **request)))
    all_are(answers, 400, "bad-header")


async def test_every_create_needs_a_key(world, every):
    answers = []
    for one in every:
        if one.is_create:
            client, sent = world.app.client(min(one.roles), TENANT), sent_with(one)
            del sent["headers"]["Idempotency-Key"]
            answers.append((one.name, await client.request(one.method, one.url(world.ids), **sent)))
    assert len(answers) >= 9
    all_are(answers, 400, "missing-header")


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "\u00e9"])
async def test_a_key_that_is_none_is_400(world, every, key):
    answers = []
    for one in every:
        if one.is_write:
            client, sent = world.app.client(min(one.roles), TENANT), sent_with(one)
            sent["headers"] = {b"Idempotency-Key": key.encode()}
            answers.append((one.name, await client.request(one.method, one.url(world.ids), **sent)))
    all_are(answers, 400, "bad-header")


async def test_a_create_repeated_is_answered_as_the_first_time_and_its_key_serves_nothing_else(world, every):
    assert {one.path for one in every if one.is_create} == set(world.creates)
    client = world.app.client("admin", TENANT)
    for path, first in world.creates.items():
        again = await client.post(first.path, headers=first.headers, **first.sent)
        assert (again.status_code, again.content) == (201, first.answer.content), path
        other = await client.post(first.path, headers=first.headers, **_other(first.sent))
        assert (other.status_code, other.json()["type"]) == (422, "urn:suyuan:problem:key-reused"), path


def _other(sent: dict[str, Any]) -> dict[str, Any]:
    """Another request of the same kind."""
    if "json" in sent:
        texts = {name: f"{value}" for name, value in sent["json"].items() if isinstance(value, str)}
        changed = {"product": "PC-6"} if not texts else {}
        for name in ("description", "question", "statement", "title"):
            if name in texts:
                changed[name] = "别的 · another"
        return {"json": sent["json"] | (changed or {"language": "en"})}
    name, content, *kind = sent["files"]["file"]
    return sent | {"files": {"file": (name, content + b"x", *kind)}}


@dataclass(frozen=True)
class Wrong:
    query: str
    status: int
    field: str


QUERIES = [
    Wrong("nonsense=1", 422, "nonsense"),
    Wrong("%ff=1", 422, ""),
    Wrong("limit=%00", 422, ""),
]
PAGES = [
    Wrong("cursor=nonsense", 400, "cursor"),
    Wrong("cursor=" + "A" * 60, 400, "cursor"),
    Wrong("cursor=" + "A" * 3000, 400, "cursor"),
    Wrong("limit=0", 400, "limit"),
    Wrong("limit=many", 400, "limit"),
    Wrong("limit=99999", 400, "limit"),
]


@pytest.mark.parametrize("wrong", [*QUERIES, *PAGES], ids=lambda wrong: wrong.query[:16])
async def test_a_wrong_query_is_refused_and_named(world, every, wrong):
    found = []
    for one in every:
        if one.method == "GET" and (wrong in QUERIES or one.is_paged):
            client = world.app.client(min(one.roles), TENANT)
            answer = await client.get(f"{one.url(world.ids)}?{wrong.query}")
            errors = answer.json().get("errors", [{}]) if "json" in answer.headers["content-type"] else [{}]
            if (answer.status_code, errors[0].get("field")) != (wrong.status, wrong.field):
                found.append(f"{one.name}: {answer.status_code} {answer.text[:200]}")
    none_of(found)


SPANS = [("since", "until"), ("from", "to"), ("received_from", "received_to")]
NOON, HOUR_BEFORE = "2026-06-01T12:00:00Z", "2026-06-01T11:00:00Z"


@pytest.mark.parametrize(
    ("first", "end", "wrong"),
    [(NOON, HOUR_BEFORE, 1), (NOON, NOON, 1), ("2026-06-01T12:00:00", NOON, 0), (NOON, "tomorrow", 1)],
    ids=["ends before", "empty", "no offset", "no time"],
)
async def test_a_period_that_is_none_is_refused_and_named(world, every, first, end, wrong):
    answers, names = [], []
    for one in every:
        taken = {p["name"] for p in one.parameters}
        for span in SPANS:
            if set(span) <= taken:
                client = world.app.client(min(one.roles), TENANT)
                answer = await client.get(one.url(world.ids), params=dict(zip(span, (first, end), strict=True)))
                answers.append((one.name, answer))
                names.append((answer.json()["errors"][0]["field"], span[wrong]))
    all_are(answers, 400, "bad-parameter")
    assert [found for found, _ in names] == [meant for _, meant in names]
    assert len(answers) >= 7
