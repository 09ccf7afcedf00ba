"""Killed at failpoints and at random while clients write: nothing lost, nothing twice, no gap, every view a fold."""

from __future__ import annotations

import pytest
import pytest_asyncio

from deploy.chaos.invariants import check
from deploy.chaos.run import run
from deploy.chaos.writers import Acknowledged
from tests.integration.app import running_app
from tests.integration.intake.test_http_complaints import FORM, key

CYCLES = 20


async def test_twenty_crashes_harm_nothing(tmp_path):
    outcome = await run(tmp_path / "data", CYCLES, seed=20, progress=lambda *_: None)
    assert outcome.findings.said == []
    assert outcome.cycles == CYCLES
    assert outcome.acknowledged > CYCLES * 10


@pytest_asyncio.fixture(loop_scope="session")
async def app(postgres, tmp_path):
    async with running_app(postgres, tmp_path) as running:
        yield running


async def registered(app) -> Acknowledged:
    headers = key()
    answer = await app.client("admin", tenant="demo").post("/api/v1/complaints", json=FORM, headers=headers)
    return Acknowledged(headers["Idempotency-Key"], answer.content, "register")


async def test_the_check_finds_nothing_where_nothing_was_harmed(app):
    assert (await check(app.runtimes, "demo", [await registered(app)])).said == []


@pytest.mark.parametrize("which", ["key", "answer"])
async def test_the_check_sees_what_was_lost(app, which):
    told = await registered(app)
    wrong = {"key": Acknowledged("never-kept", told.answer, told.what), "answer": Acknowledged(told.key, b"{}", "x")}
    assert (await check(app.runtimes, "demo", [wrong[which]])).lost == 1


async def test_the_check_sees_a_view_that_is_no_fold(app):
    told = await registered(app)
    await check(app.runtimes, "demo", [told])
    await app.runtimes["intake"].resources.derived.execute("update read.complaint_list set status = 'closed'")
    assert (await check(app.runtimes, "demo", [told])).view_mismatches == 1
