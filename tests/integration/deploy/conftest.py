"""A server process of its own, to be killed, and folders of every kind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.embedded.attach import attached
from deploy.embedded.databases import OWNER
from deploy.embedded.options import PORT
from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from deploy.embedded.process import Postmaster
from deploy.settings import embedded_settings
from shared.contracts.catalogue import SERVICES
from tests.integration.deploy.held import Held

REPOSITORY = Path(__file__).parents[3]
SERVER = """
import asyncio, json, sys
from pathlib import Path
from deploy.embedded.errors import EmbeddedError
from deploy.embedded.postgres import EmbeddedPostgres

async def serve():
    async with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
        print(json.dumps({"pid": postgres.pid, "dsn": postgres.dsn("postgres", "postgres")}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
try:
    asyncio.run(serve())
except EmbeddedError as error:
    print(json.dumps({"error": str(error)}), flush=True)
    sys.exit(error.exit_code)
"""


class Server:
    """Another process that holds an embedded database until its input ends or it is killed."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(folder)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said = json.loads(self.process.stdout.readline())

    def end(self) -> int:
        self.process.stdin.close()
        code = self.process.wait()
        self.process.stdout.close()
        return code


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Server]]:
    started: list[Server] = []

    def start(folder: Path) -> Server:
        started.append(Server(folder))
        return started[-1]

    yield start
    for server in started:
        server.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """An open folder, with a space and Chinese characters in its path, that any account may pass."""
    base = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    base.chmod(0o755)
    yield base / "质量 投诉" / "postgres"
    shutil.rmtree(base)


async def ask(postgres: EmbeddedPostgres, query: str) -> object:
    """One value, asked as superuser on a connection of its own."""
    connection = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture(name="ask")
def _ask():
    return ask


@asynccontextmanager
async def holding(folder: Path) -> AsyncIterator[Held]:
    """Start the system on the folder, in this process, with nothing running in the background."""
    async with attached(embedded_settings(folder)) as runtimes:
        host = str(Postmaster.of(folder / "postgres" / "data").socket_folder)
        owners = {s: {"host": host, "port": PORT, "database": f"suyuan_{s}", "user": OWNER} for s in SERVICES}
        yield Held(folder, runtimes, owners)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def held() -> AsyncIterator[Held]:
    """One folder for a module: each test keeps to a tenant of its own."""
    base = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    base.chmod(0o755)
    try:
        async with holding(base / "data") as held:
            yield held
    finally:
        shutil.rmtree(base)


@pytest.fixture(name="holding", scope="session")
def _holding():
    return holding
