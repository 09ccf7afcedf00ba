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

import asyncpg
import pytest
import pytest_asyncio

from deploy.embedded.databases import ServiceDatabase, ensure_service_database
from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from deploy.kafka.binaries import programs
from deploy.kafka.errors import KafkaNotFetched, KafkaToolsMissing
from deploy.kafka.local import SOON_READY, LocalKafka

_numbers = itertools.count(1)
NO_KAFKA = "no Kafka here"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A started database on a throwaway folder, shared by every test of this pytest process or xdist worker."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    try:
        async with EmbeddedPostgres(folder / "postgres") as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[Callable[..., Awaitable[ServiceDatabase]]]:
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
async def kafka(kafka_here: None) -> AsyncIterator[LocalKafka]:  # noqa: ARG001 - asked for what it refuses
    """One broker on a throwaway folder, shared by every test of this pytest process or xdist worker."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-kafka-"))
    try:
        async with LocalKafka(folder, java_options=SOON_READY) as running:
            yield running
    finally:
        shutil.rmtree(folder)
