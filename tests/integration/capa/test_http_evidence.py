"""Evidence cited in a CAPA is there: what this service can tell without reading another's database (decision 14)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.capa.domain.capa.decider import CAPA
from shared.contracts.investigation.facts import FactsCaptured
from shared.kernel.ids import new_id
from tests.integration.capa.improving import Improvement, completion
from tests.integration.said import said
from tests.integration.speaking import ask

SUM = "ab" * 32


async def a_blob(case: Improvement, tenant: str = "t1") -> dict[str, Any]:
    async def content():
        yield f"photo of {case.id}".encode()

    return {"kind": "blob", "sha256": await case.app.runtimes["capa"].resources.blobs.put(tenant, content())}


async def own_event(case: Improvement) -> dict[str, Any]:
    loaded = await case.app.runtimes["capa"].resources.store.load("t1", CAPA.stream(UUID(case.id)))
    first = loaded.events[0]
    return {"kind": "event", "service": "capa", "position": first.position, "sha256": first.hash.hex()}


async def heard_event(case: Improvement) -> dict[str, Any]:
    """The confirmation of the root cause, in the investigation's log."""
    log = case.app.elsewhere["investigation"]
    head = (await log.heads())["t1"]
    [last] = await log.read("t1", head - 1, 1)
    return {"kind": "event", "service": "investigation", "position": head, "sha256": last.hash.hex()}


async def a_fact(case: Improvement, tenant: str = "t1", rows: int = 3) -> dict[str, Any]:
    """The last row of a batch; nobody waits for this service to have heard of it."""
    batch = FactsCaptured(
        batch_id=new_id(),
        kind="inspection",
        system="MES",
        source="MES-1",
        mapping="m",
        mapping_version=1,
        rows=rows,
        refused_rows=0,
        sha256=SUM,
        file_sha256=SUM,
    )
    await said(case.app.elsewhere["investigation"], tenant, "facts", batch.batch_id, batch)
    return {"kind": "fact", "batch": str(batch.batch_id), "row": rows - 1, "sha256": SUM}


THERE = [a_blob, own_event, heard_event, a_fact]


@pytest.mark.parametrize("cited", THERE, ids=lambda one: one.__name__)
async def test_what_is_there_is_taken_and_shown(case, cited):
    action, evidence = await case.started(), await cited(case)
    await ask(case.owner, f"{action}/complete", completion(evidence=[evidence]))
    await ask(case.verifier, f"{action}/verify", {"met_criterion": True, "note": "合格", "evidence": [evidence]})
    [seen] = (await case.view())["actions"]
    for step in seen["history"][-2:]:
        [shown] = step["evidence"]
        assert {name: value for name, value in shown.items() if value is not None} == evidence | {"tenant": "t1"}


async def absent(case: Improvement) -> list[dict[str, Any]]:
    """Each kind beside the truth: another sum, place, tenant; a log's end; a batch without that row."""
    own, heard, fact = await own_event(case), await heard_event(case), await a_fact(case)
    return [
        {"kind": "blob", "sha256": SUM},
        await a_blob(case, "t2"),
        own | {"sha256": SUM},
        own | {"position": 10**6},
        heard | {"service": "intake"},
        fact | {"row": 3},
        fact | {"batch": str(new_id())},
        await a_fact(case, "t2"),
    ]


async def test_what_is_not_there_is_refused_in_every_step_that_cites(case):
    action = await case.started()
    steps = [(case.owner, f"{action}/complete", completion())]
    for made_up in await absent(case):
        await unknown(*steps[0], made_up)
    await ask(*steps[0])
    await unknown(case.verifier, f"{action}/verify", {"met_criterion": True, "note": "合格"}, made_up)
    await ask(case.verifier, f"{action}/verify", {"met_criterion": True, "note": "合格"})
    await case.measured()
    for verdict in ("fail", "confirm"):
        await unknown(case.manager, f"{case.path}/effectiveness/{verdict}", {"note": "x"}, made_up)
    assert (await case.view())["effectiveness"] == "measured"


async def unknown(client: Any, path: str, body: dict[str, Any], made_up: dict[str, Any]) -> None:
    for language, word in (("zh-CN", "找不到所引证据"), ("en", "There is no such evidence")):
        told = await ask(client, path, body | {"evidence": [made_up]}, 422, **{"Accept-Language": language})
        assert told["type"] == "urn:suyuan:problem:evidence-unknown", made_up
        assert told["facts"] == {"kind": made_up["kind"], "sha256": made_up["sha256"]}
        assert [one["field"] for one in told["errors"]] == ["/evidence"]
        assert word in told["detail"]


async def test_a_judgement_keeps_what_it_cites(case):
    await case.verified()
    await case.measured()
    evidence = await a_blob(case)
    await ask(case.manager, f"{case.path}/effectiveness/confirm", {"note": "0 ppm", "evidence": [evidence]})
    last = (await case.view())["history"][-1]
    assert (last["words"], last["evidence"][0]["sha256"]) == ("0 ppm", evidence["sha256"])


async def test_a_fact_of_a_shape_that_is_none_is_refused_before(case):
    action = await case.started()
    told = await ask(case.owner, f"{action}/complete", completion(evidence=[{"kind": "fact", "sha256": SUM}]), 422)
    assert told["type"] == "urn:suyuan:problem:invalid-request"
