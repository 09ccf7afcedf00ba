"""Analytics alone, after it has heard the scenario; it is 10 March 2026."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.integration.analytics.scenario import A_RECEIVED, NOW, tell
from tests.integration.app import Clockwork, RunningApp, running_app


@dataclass
class Told:
    """`vector` is where the three logs stand."""

    app: RunningApp
    clock: Clockwork
    vector: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def heard(postgres, tmp_path_factory) -> AsyncIterator[Told]:
    clock = Clockwork(A_RECEIVED)
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("analytics",), clock) as app:
        yield Told(app, clock, await tell(app, clock))


@pytest.fixture
def told(heard) -> Told:
    heard.clock.now = NOW
    return heard
