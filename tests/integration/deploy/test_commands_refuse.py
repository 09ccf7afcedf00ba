"""What a command says, and ends with, where it can't do its work."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import pytest

from deploy.embedded import errors
from deploy.outcomes import EXIT_CODES, outcome
from shared.adapters.postgres.connection import DurabilityOff
from shared.adapters.postgres.migrate import ChangedMigration, NewerSchema, OlderSchema
from shared.kernel.errors import StoreFull

LATER = "insert into public.migration select max(number) + 1, 'kernel/9999_later.sql', 'x' from public.migration"
CHANGED = "update public.migration set sha256 = 'x' where number = 1"
EARLIER = "delete from public.migration where number = (select max(number) from public.migration)"


@pytest.mark.parametrize(
    ("code", "said", "change"),
    [
        (22, "use a newer build", LATER),
        (23, "restore it and write a new one", CHANGED),
        (25, "restart the server with this build", EARLIER),
    ],
)
async def test_a_schema_of_another_build_is_refused_beside_a_running_server(held, code, said, change):
    await held.as_owner("intake", "create table public.kept as select * from public.migration")
    await held.as_owner("intake", change)
    refused = await held.command("verify")
    await held.as_owner("intake", "truncate public.migration")
    await held.as_owner("intake", "insert into public.migration select * from public.kept")
    await held.as_owner("intake", "drop table public.kept")
    assert refused.returncode == code
    assert said in refused.stderr
    assert (await held.command("verify")).returncode == 0


async def test_a_newer_schema_is_refused_at_the_start_with_nothing_touched(holding, folder):
    data = folder.parent / "data"
    async with holding(data) as held:
        await held.as_owner("capa", LATER)
    for words in (("verify",), ("run", "--port", "0")):
        refused = await held.typed(*words, lang="zh_CN.UTF-8")
        assert refused.returncode == 22
        assert "请使用更新的版本" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not (data / "postgres" / "data" / "postmaster.pid").exists()


async def test_a_command_that_is_asked_to_end_ends_the_database_that_it_started(folder):
    program = (
        "import sys; from deploy import cli; from deploy.commands import verify\n"
        "async def long(*_): print('begun', flush=True); await __import__('asyncio').sleep(60)\n"
        "verify.audited_tenants = long; sys.exit(cli.main(['verify', '--data-dir', sys.argv[1]]))"
    )
    command = [sys.executable, "-c", program, str(folder.parent / "data")]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert await process.stdout.readline() == b"begun\n"
    process.terminate()
    assert await process.wait() == 143
    assert not (folder.parent / "data" / "postgres" / "data" / "postmaster.pid").exists()


def test_every_exit_code_has_one_meaning():
    kinds = errors.EmbeddedError.__subclasses__()
    embedded = {kind.exit_code for kind in kinds}
    assert not embedded & (set(EXIT_CODES.values()) - {16})
    for kind in (NewerSchema, ChangedMigration, DurabilityOff, OlderSchema):
        assert EXIT_CODES[kind] >= 22


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DurabilityOff(setting="fsync"), 24),
        (StoreFull(), 16),
        (asyncpg.DiskFullError("no space"), 16),
        (asyncpg.DataCorruptedError("invalid page in block 1"), 27),
        (asyncpg.ConnectionDoesNotExistError("gone"), 26),
        (asyncpg.InterfaceError("connection is closed"), 26),
    ],
)
def test_a_fault_of_the_database_is_a_sentence_in_both_languages(error, code):
    told = outcome(error)
    assert told.exit_code == code
    assert told.text("zh-CN") != told.text("en")


@pytest.mark.parametrize("defect", [ValueError("x"), asyncpg.InterfaceError("another operation is in progress")])
def test_a_defect_of_ours_is_no_sentence(defect):
    assert outcome(defect) is None
