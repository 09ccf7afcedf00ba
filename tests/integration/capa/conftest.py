"""The capa service alone, with a clock that a test can set."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.app import Clockwork, RunningApp, running_app
from tests.integration.capa.improving import NOON, Improvement, improvement


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(postgres, tmp_path_factory) -> AsyncIterator[tuple[RunningApp, Clockwork]]:
    clock = Clockwork(NOON)
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("capa",), clock) as app:
        yield app, clock


@pytest.fixture
def app(running) -> RunningApp:
    return running[0]


@pytest.fixture
def clock(running) -> Clockwork:
    """At noon (UTC) of the first day, whatever a test before did."""
    running[1].now = NOON
    return running[1]


@pytest.fixture
async def case(app, clock) -> Improvement:  # noqa: ARG001 - the clock is set back before anybody logs in
    """An open CAPA about one confirmed root cause, with nothing planned."""
    return await improvement(app)
