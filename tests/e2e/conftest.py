"""All services in one application with one of everything in it, for the sweeps over every operation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.operations import Operation, operations
from tests.e2e.populated import Populated, populate
from tests.integration.app import running_app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(postgres, tmp_path_factory) -> AsyncIterator[Populated]:
    async with running_app(postgres, tmp_path_factory.mktemp("every")) as app:
        yield await populate(app)


@pytest.fixture(scope="module")
def every(world) -> list[Operation]:
    """What the document of the running application offers, beside what is public."""
    found = [one for one in operations(world.app.document()) if one.roles]
    assert len(found) > 100
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def nothing_appended(world) -> AsyncIterator[None]:
    """What is refused leaves no event in any service's log."""
    before = await world.calm()
    yield
    assert await world.heads() == before
