"""kill -9 of the server, of the database and of both; the next start finds everything."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import serves, serving


async def _commit_one(dsn: dict[str, object]) -> None:
    connection = await asyncpg.connect(**dsn)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS x")
    await connection.close()


async def test_the_database_of_a_killed_server_is_stopped_and_started_anew(folder, serve, ask):
    server = serve(folder)
    await _commit_one(server.said["dsn"])
    server.process.kill()
    server.process.wait()
    assert serves(server.said["pid"], folder / "data")  # the orphan lives on
    async with EmbeddedPostgres(folder) as postgres:
        assert postgres.pid != server.said["pid"]
        assert not serves(server.said["pid"], folder / "data")
        assert await ask(postgres, "SELECT x FROM kept") == 42
    assert not Path(server.said["dsn"]["host"]).exists()


async def test_a_killed_database_is_noticed_and_recovers(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        await _commit_one(postgres.dsn("postgres", "postgres"))
        os.kill(postgres.pid, signal.SIGKILL)
        assert await postgres.died() == -signal.SIGKILL
        assert postgres.pid is None
        await postgres.start()
        assert await ask(postgres, "SELECT x FROM kept") == 42


async def test_server_and_database_killed_at_once(folder, serve, ask):
    server = serve(folder)
    await _commit_one(server.said["dsn"])
    os.kill(server.said["pid"], signal.SIGKILL)
    server.process.kill()
    server.process.wait()
    async with EmbeddedPostgres(folder) as postgres:
        assert await ask(postgres, "SELECT x FROM kept") == 42
    assert not Path(server.said["dsn"]["host"]).exists()
    assert not serving(folder / "data")


async def test_a_stale_pid_that_now_belongs_to_somebody_else_is_left_alone(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    try:
        (folder / "data" / "postmaster.pid").write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        async with EmbeddedPostgres(folder) as postgres:
            assert await ask(postgres, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_cluster_whose_creation_was_killed_is_made_again(folder, ask):
    half = folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(folder) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
    assert not half.exists()
