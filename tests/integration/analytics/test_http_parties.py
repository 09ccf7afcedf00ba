"""Rule 13 in the figures: a department sees what it was confirmed to answer for, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.party import Party
from tests.integration.app import running_app
from tests.integration.said import said
from tests.unit.analytics import story as s

API = "/api/v1"
SUPPLIER = Party(kind="supplier", code=s.QUALITY.code)
SHARES = (s.share(s.PRODUCTION, percent=50), s.share(s.QUALITY, percent=30), s.share(SUPPLIER, percent=20))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(postgres, tmp_path_factory):
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("analytics",)) as running:
        log = running.elsewhere["investigation"]
        await said(log, "t1", "investigation", s.INVESTIGATION, s.CAUSE_CONFIRMED, s.confirmed(shares=SHARES))
        yield running


async def parties_told(client) -> list[set[tuple[str, str]]]:
    """Whose shares the three places tell that know them."""
    after = {"Suyuan-After": "investigation:2"}
    told: list[list[dict[str, Any]]] = []
    for path, name in (("responsibility", "items"), ("kpis", "responsibility"), ("charts/responsibility", "data")):
        answer = await client.get(f"{API}/{path}", headers=after)
        assert answer.status_code == 200, answer.text
        told.append(answer.json()[name])
    return [{(record["party_kind"], record["party_code"]) for record in records} for records in told]


@pytest.mark.parametrize(
    ("parties", "seen"),
    [
        (["department:quality"], {("department", "quality")}),
        (["department:Quality", "post:quality"], set()),
        ([], set()),
    ],
)
async def test_rule_13_a_department_sees_its_own_figures_only(app, parties, seen):
    lead = app.client("department_lead", parties=parties)
    assert await parties_told(lead) == [seen] * 3


async def test_rule_13_quality_sees_the_figures_of_all(app):
    everybody = {(share.party.kind, share.party.code) for share in SHARES}
    assert await parties_told(app.client("quality_engineer")) == [everybody] * 3
    option = (await app.client("department_lead").get(f"{API}/charts/responsibility")).json()["option"]
    assert "production" not in str(option)
