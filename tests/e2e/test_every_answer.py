"""Every read answers in a world with one of everything, and is held to the document by the client itself.

tests/integration/documented.py holds every good answer of the integration tests in the same way; the writes that they
leave out stand here, asked as the document's own example has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.e2e.operations import Operation
from tests.e2e.populated import TENANT, Populated
from tests.e2e.test_embedded import FORM

NEEDED: Mapping[str, dict[str, Any]] = {"searchKnowledge": {"q": "来料"}}


def urls(one: Operation, ids: Mapping[str, str]) -> list[str]:
    """The path with these ids, once for each value of a closed set in it."""
    closed = [(p["name"], p["schema"]["enum"]) for p in one.parameters if p["in"] == "path" and "enum" in p["schema"]]
    if not closed:
        return [one.url(ids)]
    [(name, values)] = closed
    return [one.url({**ids, name: value}) for value in values]


def example(world: Populated, method: str, path: str) -> dict[str, Any]:
    operation = world.app.document()["paths"][path][method.lower()]
    made: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["example"]
    return made


async def test_every_read_answers_as_the_document_says(world: Populated, every: list[Operation]):
    reads = [one for one in every if one.method == "GET"]
    for one in reads:
        client = world.app.client("admin" if "admin" in one.roles else min(one.roles), TENANT)
        for url in urls(one, world.ids):
            answer = await client.get(url, params=NEEDED.get(one.id, {}))
            assert answer.status_code == 200, f"{one.name}: {answer.text[:300]}"
    assert len(reads) > 30
    assert [one.name for one in reads if one.name not in world.app.held.heard] == []


@pytest.mark.parametrize(
    "path", ["triage-rules", "sla-policies", "retention-policies", "process-flows", "responsibility-rules", "mappings"]
)
async def test_what_is_published_may_be_published_as_its_example_says(world: Populated, path):
    body = example(world, "PUT", f"/api/v1/{path}")
    answer = await world.app.client("admin", TENANT).put(f"/api/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["version"]


async def test_a_complaint_is_registered_as_its_example_says(world: Populated):
    body = example(world, "POST", "/api/v1/complaints")
    client = world.app.client("service_agent", TENANT)
    answer = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == 201, answer.text
    seen = (await client.get(f"/api/v1/complaints/{answer.json()['id']}")).json()
    assert seen["form"]["description"] == body["description"]
    assert seen["form"]["items"][0]["lot"] == "FG-0042"


async def test_a_cause_is_ruled_out_and_a_root_cause_let_go_as_documented(world: Populated):
    case = "/api/v1/investigations/{investigation_id}"
    evidence = (await world.read(case))["whys"][0]["answered"]["evidence"]
    cited = [
        {"kind": "event", "service": "intake", "position": evidence[0]["position"], "sha256": evidence[0]["sha256"]}
    ]
    out = example(world, "POST", f"{case}/causes/{{cause_id}}/rule-out") | {"evidence": cited}
    other = {"statement": "操作失误", "category": "man", "leg": "occurrence", "node": "incoming_inspection"}
    world.ids["cause_id"] = (await world.create(f"{case}/causes", json=other))["id"]
    assert await world.write(f"{case}/causes/{{cause_id}}/rule-out", out) == {"id": world.ids["investigation_id"]}
    root = f"{case}/root-causes/{{root_cause_id}}"
    manager = world.app.client("quality_manager", TENANT)
    body = example(world, "POST", f"{root}/capa-not-required")
    assert (await manager.post(f"{root}/capa-not-required".format_map(world.ids), json=body)).status_code == 200
    await world.write(f"{root}/withdraw", example(world, "POST", f"{root}/withdraw"))
    assert (await world.read(case))["withdrawn"][0]["root_cause_id"] == world.ids["root_cause_id"]


async def test_a_complaint_goes_to_its_end_and_is_opened_again_as_documented(world: Populated):
    made = await world.create("/api/v1/complaints", json=FORM | {"source_reference": "CRM-again"})
    one = f"/api/v1/complaints/{made['id']}"
    await world.write(f"{one}/acknowledge")
    for step, told in (
        ("triage", {}),
        ("respond", {"tells_decision": True}),
        ("offer-resolution", {}),
        ("resolution", {}),
        ("remedy", {}),
        ("satisfaction", {}),
    ):
        await world.write(f"{one}/{step}", example(world, "POST", f"/api/v1/complaints/{{complaint_id}}/{step}") | told)
    await world.write(f"{one}/close")
    assert (await world.read(one))["status"] == "closed"
    await world.write(f"{one}/reopen", example(world, "POST", "/api/v1/complaints/{complaint_id}/reopen"))
    assert (await world.read(one))["status"] != "closed"
