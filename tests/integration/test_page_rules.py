"""The worked examples of docs/rules.md, sent as they stand there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.intake.domain.triage.inputs import answer_of
from services.investigation.domain.responsibility.shares import row_from
from shared.adapters.decision_table import AllMatches, FirstMatch
from tests.integration.app import RunningApp, running_app
from tests.pages import sent

TRIAGE, _SLA, RESPONSIBILITY = (json.loads(request.body) for request in sent("rules.md"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(postgres, tmp_path_factory) -> AsyncIterator[RunningApp]:
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("intake", "investigation")) as running:
        yield running


async def test_every_example_of_the_page_can_be_published_and_holds(app):
    manager = app.client("quality_manager")
    paths = [request.path.rsplit("/", 1)[1] for request in sent("rules.md")]
    assert paths == ["triage-rules", "sla-policies", "responsibility-rules"]
    for method, path, body in sent("rules.md"):
        assert (await manager.get(path)).json()["version"] == 0
        published = await manager.request(method, path, json=json.loads(body))
        assert (published.status_code, published.json()) == (200, {"version": 1}), published.text
        at = {"Suyuan-After": published.headers["Suyuan-Position"]}
        shown = (await app.client("auditor").get(path, headers=at)).json()
        given = {name: value for name, value in json.loads(body).items() if name != "reason"}
        lengths = [{"severity": None} | length for length in given.pop("lengths", [])]
        assert {name: shown[name] for name in given} == given
        assert shown.get("lengths", []) == lengths
        assert shown["version"] == 1


def test_sixty_units_without_harm_are_major_by_the_row_that_the_page_names():
    row = FirstMatch().evaluate(json.dumps(TRIAGE["document"]), {"harm": "none", "quantity_affected": 60})
    answer = answer_of(row.row, row.outputs)
    assert (row.row, answer.severity, answer.scope, answer.priority, answer.response_plan) == (
        "many",
        "major",
        "lot",
        "high",
        None,
    )


@pytest.mark.parametrize(
    ("boundary", "shares"),
    [
        ("supplier", [("primary", "supplier:{supplier}", 70), ("secondary", "department:quality", 30)]),
        ("inside", [("primary", "department:{department}", 100), ("management", "post:{department}_manager", None)]),
        ("dealer", []),
    ],
)
def test_the_responsibility_table_of_the_page_gives_the_shares_that_it_shows(boundary, shares):
    found = AllMatches().rows(json.dumps(RESPONSIBILITY["document"]), {"boundary": boundary})
    assert [(row.kind, row.party, row.percent) for row in map(row_from, found)] == shares
