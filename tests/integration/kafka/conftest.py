"""Folders for brokers of a test's own, a launcher in another process, to be killed; a database that was restored."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.cli import main
from deploy.kafka.local import LocalKafka
from tests.moving import url_of
from tests.published import published, settings_of
from tests.restoring import HOW_TO_REACH, Restoring, backup, written, written_others

REPOSITORY = Path(__file__).parents[3]
LAUNCHER = """
import asyncio, json, sys
from pathlib import Path
from deploy.kafka import node
from deploy.kafka.local import SOON_READY, LocalKafka

async def serve():
    async with LocalKafka(Path(sys.argv[1]), java_options=SOON_READY) as kafka:
        print(json.dumps({"pid": kafka.pids[1], "bootstrap": kafka.bootstrap}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
if sys.argv[2] == "as on a machine without setpriv":
    node._dies_with_us = lambda: iter(())
asyncio.run(serve())
"""


@pytest.fixture(scope="module")
def base(kafka_here: None) -> Iterator[Path]:  # noqa: ARG001 - asked for what it refuses
    """An open folder, with a space, a comma and Chinese characters in its path."""
    made = Path(tempfile.mkdtemp(prefix="suyuan-kafka-"))
    inner = made / "质量, 投诉"
    inner.mkdir()
    yield inner
    shutil.rmtree(made)


@pytest.fixture
def folder(base: Path, request: pytest.FixtureRequest) -> Path:
    return base / request.node.name


@pytest.fixture
def launcher() -> Iterator[Callable[[Path, str], tuple[subprocess.Popen[str], dict[str, object]]]]:
    """Another process that holds a broker until it is killed; what it said of it."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, machine: str) -> tuple[subprocess.Popen[str], dict[str, object]]:
        command = [sys.executable, "-c", LAUNCHER, str(folder), machine]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest_asyncio.fixture(loop_scope="session")
async def own_kafka(folder: Path) -> AsyncIterator[LocalKafka]:
    """A broker for one test, to be killed."""
    async with LocalKafka(folder) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def three_brokers(base: Path) -> AsyncIterator[LocalKafka]:
    async with LocalKafka(base / "three", brokers=3) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def restoring(database, kafka, monkeypatch) -> AsyncIterator[Restoring]:
    """Six events at the time of the backup, twelve more since."""
    now, old = await database(), await database()
    settings = settings_of(kafka)
    async with published(now, settings) as service:
        await written(service, 3)
        await service.drained()
        await backup(now, old)
        await written(service, 3, version=2)
        await written_others(service)
        await service.drained()
    for name in HOW_TO_REACH:
        monkeypatch.setenv(f"SUYUAN_KAFKA_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(old.owner))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr("deploy.commands.owned.configure", lambda _: None)  # the session's logging stays as it is
    yield Restoring(now, old, settings)


@pytest.fixture
def typed(capsys):
    async def run(*words: str) -> tuple[int, list[dict], str]:
        code = await asyncio.to_thread(main, ["topics", *words, "--service", "intake", "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines() if line.startswith("{")], said.err

    return run
