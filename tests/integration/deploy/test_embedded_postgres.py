from __future__ import annotations

import os
import stat
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import SUPERUSER, EmbeddedPostgres
from deploy.embedded.process import serving


async def test_what_was_committed_is_there_after_a_stop_and_a_start(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        await ask(postgres, "CREATE TABLE kept AS SELECT '追溯' AS word")
    async with EmbeddedPostgres(folder) as postgres:
        assert await ask(postgres, "SELECT word FROM kept") == "追溯"


async def test_one_object_starts_again_after_a_stop(folder, ask):
    postgres = EmbeddedPostgres(folder)
    for _ in range(2):
        await postgres.start()
        await postgres.start()  # a second time is fine
        assert await ask(postgres, "SELECT 1") == 1
        await postgres.stop()
        await postgres.stop()


async def test_a_stop_leaves_no_process_and_no_socket_folder(folder):
    async with EmbeddedPostgres(folder) as postgres:
        sockets = Path(postgres.dsn("postgres", SUPERUSER)["host"])
        assert serving(folder / "data")
    assert not serving(folder / "data")
    assert not sockets.exists()
    assert not (folder / "data" / "postmaster.pid").exists()


async def test_a_stop_ends_open_transactions_and_connections(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        await ask(postgres, "CREATE TABLE kept (x int)")
        open_one = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
        await open_one.execute("BEGIN; INSERT INTO kept VALUES (1)")
    open_one.terminate()
    async with EmbeddedPostgres(folder) as postgres:
        assert await ask(postgres, "SELECT count(*) FROM kept") == 0


async def test_a_path_longer_than_a_socket_may_have_works(folder, ask):
    deep = folder / ("很长的文件夹名 " * 5) / ("x" * 200)
    async with EmbeddedPostgres(deep) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
        assert len(postgres.dsn("postgres", SUPERUSER)["host"].encode()) < 90


async def test_only_the_owner_reaches_it_and_nothing_listens_on_tcp(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        assert await ask(postgres, "SHOW listen_addresses") == ""
        sockets = Path(postgres.dsn("postgres", SUPERUSER)["host"])
        for private in (sockets, folder / "data"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700


async def test_ctrl_c_at_the_terminal_is_not_for_the_database(folder):
    async with EmbeddedPostgres(folder) as postgres:
        assert os.getsid(postgres.pid) == postgres.pid


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("max_connections", "100"),
        ("max_wal_size", "512MB"),
        ("log_statement", "none"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
async def test_settings(postgres, ask, setting, value):
    assert await ask(postgres, f"SHOW {setting}") == value


async def test_text_sorts_by_code_point_and_upper_case_knows_all_letters(postgres, ask):
    assert await ask(postgres, "SELECT array_agg(w ORDER BY w) FROM unnest(ARRAY['中', 'b', 'B', 'ä']) w") == [
        "B",
        "b",
        "ä",
        "中",
    ]
    assert await ask(postgres, "SELECT upper('ä')") == "Ä"


async def test_no_value_of_a_refused_statement_is_in_the_log(folder):
    secret = "张三 13800138000"  # noqa: S105 - a seeded name and phone
    async with EmbeddedPostgres(folder) as postgres:
        connection = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
        await connection.execute("CREATE TABLE kept (word text PRIMARY KEY CHECK (length(word) > 3))")
        await connection.execute("INSERT INTO kept VALUES ($1)", secret)
        for refused in (
            f"INSERT INTO kept VALUES ('{secret}')",  # noqa: S608 - a value in the statement is the point
            f"SELECT '{secret}'::int",
            f"SELEKT '{secret}'",
            "INSERT INTO kept VALUES ('张三')",
        ):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(refused)
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute("INSERT INTO kept VALUES ($1)", secret)
        await connection.close()
    assert "张三" not in (folder / "postgres.log").read_text()


async def test_two_run_side_by_side(folder, ask):
    async with EmbeddedPostgres(folder) as one, EmbeddedPostgres(folder.with_name("other")) as other:
        await ask(one, "CREATE TABLE kept AS SELECT 1 AS x")
        assert await ask(other, "SELECT to_regclass('kept')") is None
        assert one.dsn("postgres", SUPERUSER)["host"] != other.dsn("postgres", SUPERUSER)["host"]
