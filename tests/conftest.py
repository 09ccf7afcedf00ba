"""A real Postgres and a real Kafka for the integration tests: one of each for a pytest process, started when asked for.

A fresh database at will; Kafka's topics are told apart by their names.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from deploy.embedded.databases import ServiceDatabase, ensure_service_database
from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from deploy.kafka.binaries import programs
from deploy.kafka.errors import KafkaNotFetched, KafkaToolsMissing
from deploy.kafka.local import SOON_READY, LocalKafka
from tests.containers import (
    KAFKA,
    POSTGRES,
    ContainedKafka,
    ContainedPostgres,
    engine_answers,
    kafka_container,
    postgres_container,
)

_numbers = itertools.count(1)
NO_KAFKA = "no Kafka here"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A started database on a throwaway folder."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    try:
        async with EmbeddedPostgres(folder / "postgres") as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contained_postgres() -> AsyncIterator[ContainedPostgres]:
    async with postgres_container() as running:
        yield running


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> EmbeddedPostgres | ContainedPostgres:
    """Shared by every test of this pytest process or xdist worker: a container where a Docker engine answers."""
    if engine_answers():
        USED.add(f"Postgres: testcontainers, {POSTGRES}")
        return request.getfixturevalue("contained_postgres")
    USED.add("Postgres: embedded")
    return request.getfixturevalue("embedded_postgres")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(
    postgres: EmbeddedPostgres | ContainedPostgres,
) -> AsyncIterator[Callable[..., Awaitable[ServiceDatabase]]]:
    """Fresh empty databases with their roles, for the asking; they are dropped after the module."""
    made: list[str] = []

    async def fresh(service: str = "intake") -> ServiceDatabase:
        name = f"test_{next(_numbers)}"
        made.append(name)
        return await ensure_service_database(postgres, service, database=name)

    yield fresh
    server = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
    try:
        for name in made:
            await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await server.close()


@pytest.fixture(scope="session")
def kafka_here() -> None:
    """Skips, with CI=true fails, where this machine can't run Kafka: for tests that start one of their own."""
    try:
        programs()
    except (KafkaToolsMissing, KafkaNotFetched) as missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{NO_KAFKA}: {missing.text('en')}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Every test that asked for Kafka is skipped for the same reason: one line at the end, not one a test."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and NO_KAFKA in report.longrepr[2]:
        report.longrepr = (__file__, 0, report.longrepr[2])
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local_kafka(kafka_here: None) -> AsyncIterator[LocalKafka]:  # noqa: ARG001 - asked for what it refuses
    """One broker of our own launcher on a throwaway folder."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-kafka-"))
    try:
        async with LocalKafka(folder, java_options=SOON_READY) as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contained_kafka() -> AsyncIterator[ContainedKafka]:
    async with kafka_container() as running:
        yield running


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> LocalKafka | ContainedKafka:
    """Shared by every test of this pytest process or xdist worker: a container where a Docker engine answers."""
    if engine_answers():
        USED.add(f"Kafka: testcontainers, {KAFKA}")
        return request.getfixturevalue("contained_kafka")
    found: LocalKafka = request.getfixturevalue("local_kafka")
    USED.add("Kafka: local broker")
    return found


USED: set[str] = set()
"""On what the tests of this process ran."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist tells its controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["used"] = sorted(USED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    USED.update(getattr(node, "workeroutput", {}).get("used", ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Which of the two the run proves something about."""
    if USED:
        terminalreporter.write_line(f"ran on: {'; '.join(sorted(USED))}")
