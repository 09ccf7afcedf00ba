"""What a command says, and ends with, where it can't do its work."""

from __future__ import annotations

import asyncio
import errno
import os
import sys

import asyncpg
import pytest

from deploy.embedded import errors
from deploy.embedded.child import Child
from deploy.embedded.system import HeadsKeyMissing, secrets_of
from deploy.outcomes import EXIT_CODES, outcome
from shared.adapters.postgres.connection import DurabilityOff
from shared.adapters.postgres.migrate import ChangedMigration, NewerSchema, OlderSchema
from shared.adapters.private_file import ReadableByOthers, SecretBroken
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


@pytest.mark.parametrize("words", [("run", "--port", "0"), ("verify",), ("token", "--role", "admin")])
@pytest.mark.parametrize("under", ["data", "data/below"])
def test_a_data_folder_that_is_a_file_is_said(tmp_path, words, under):
    (tmp_path / "data").write_text("no folder")
    refused = Child(tmp_path / under).run(*words, LC_ALL="zh_CN.UTF-8")
    assert (refused.returncode, "无法使用" in refused.stderr, "Traceback" in refused.stderr) == (32, True, False)


@pytest.mark.parametrize("problem", [errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR])
def test_a_folder_that_cant_be_written_is_said(problem):
    told = outcome(OSError(problem, os.strerror(problem), "/data/lock"))
    assert (told.exit_code, os.strerror(problem) in told.text("en"), "/data/lock" in told.text("zh-CN")) == (
        32,
        True,
        True,
    )
    assert outcome(OSError(errno.EBADF, "a defect of ours")) is None


def test_a_signing_key_is_not_made_anew_under_heads_that_it_did_not_sign(tmp_path):
    first = secrets_of(tmp_path)
    assert secrets_of(tmp_path).heads.private_bytes_raw() == first.heads.private_bytes_raw()
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads" / "intake.ndjson").write_text("{}\n")
    (tmp_path / "keys" / "heads.key").unlink()
    with pytest.raises(HeadsKeyMissing) as missing:
        secrets_of(tmp_path)
    assert outcome(missing.value).exit_code == 33
    assert not (tmp_path / "keys" / "heads.key").exists()


def test_a_secret_that_is_a_folder_or_open_to_others_is_said(tmp_path):
    secrets_of(tmp_path)
    key = tmp_path / "keys" / "heads.key"
    key.chmod(0o644)
    with pytest.raises(ReadableByOthers) as opened:
        secrets_of(tmp_path)
    key.unlink()
    key.mkdir()
    with pytest.raises(SecretBroken) as broken:
        secrets_of(tmp_path)
    assert [outcome(each.value).exit_code for each in (opened, broken)] == [29, 29]
