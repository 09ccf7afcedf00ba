"""One of everything in a system, for the sweeps over every operation: embedded, and joined by Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.embedded.child import Child
from deploy.settings import embedded_settings
from tests.e2e.operations import Operation, operations
from tests.e2e.populated import Populated, populate
from tests.e2e.target import NAMED, UNCOUNTED, Target, at
from tests.integration.app import running_app


@pytest.fixture(scope="module")
def distributed(kafka_here, tmp_path_factory) -> Iterator[Child]:  # noqa: ARG001 - asked for what it refuses
    """Four processes and a Kafka of their own, ended with the module: idle ones would slow every test after it."""
    made = Child(tmp_path_factory.mktemp("distributed") / "data", UNCOUNTED, kafka=True)
    try:
        yield made.start()
        assert made.stop(90) == 0
    finally:
        made.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def embedded_world(postgres, tmp_path_factory) -> AsyncIterator[Populated]:
    async with running_app(postgres, tmp_path_factory.mktemp("every")) as app:
        yield await populate(Target.of(app))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka_world(distributed: Child) -> AsyncIterator[Populated]:
    async with at(distributed.url, distributed.folder) as target:
        yield await populate(target)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def named_world() -> AsyncIterator[Populated]:
    async with at(str(NAMED), embedded_settings().data_dir) as target:
        yield await populate(target)


@pytest.fixture(scope="module", params=["named"] if NAMED else ["embedded", "kafka"])
def world(request) -> Populated:
    found: Populated = request.getfixturevalue(f"{request.param}_world")
    return found


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
