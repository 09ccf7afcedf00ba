"""Each reason not to start has its own sentence and exit code, and nothing is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.embedded import binaries, errors
from deploy.embedded import folder as data_folder
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import serving
from shared.kernel.errors import SuyuanError


@pytest.fixture
async def stopped(folder):
    """A sound database that was stopped."""
    async with EmbeddedPostgres(folder):
        pass
    return folder


async def _refused(folder: Path, reason: type[SuyuanError]) -> SuyuanError:
    with pytest.raises(reason) as refusal:
        await EmbeddedPostgres(folder).start()
    assert not serving(folder / "data")
    return refusal.value


def test_every_reason_has_an_exit_code_of_its_own_and_both_languages():
    reasons = errors.EmbeddedError.__subclasses__()
    codes = [reason.exit_code for reason in reasons]
    assert len(set(codes)) == len(reasons) >= 10
    assert not {0, 1, 2} & set(codes)
    assert len({reason.zh for reason in reasons} | {reason.en for reason in reasons}) == 2 * len(reasons)


async def test_a_second_start_on_the_same_folder_in_another_process(folder, serve):
    async with EmbeddedPostgres(folder):
        second = serve(folder)
        assert f"pid {os.getpid()}" in second.said["error"]
        assert second.end() == errors.FolderInUse.exit_code


async def test_a_second_start_on_the_same_folder_in_this_process(folder, ask):
    async with EmbeddedPostgres(folder) as first:
        with pytest.raises(errors.FolderInUse):
            await EmbeddedPostgres(folder).start()
        assert await ask(first, "SELECT 1") == 1  # undisturbed


async def test_a_folder_without_its_version(stopped):
    (stopped / "data" / "PG_VERSION").unlink()
    refusal = await _refused(stopped, errors.FolderDamaged)
    assert "PG_VERSION" in refusal.text("zh")


async def test_a_folder_without_its_control_file(stopped):
    (stopped / "data" / "global" / "pg_control").unlink()
    await _refused(stopped, errors.FolderDamaged)


async def test_a_folder_of_another_postgres_version(stopped):
    (stopped / "data" / "PG_VERSION").write_text("16\n")
    refusal = await _refused(stopped, errors.FolderOfOtherVersion)
    assert (refusal.facts["found"], refusal.facts["expected"]) == ("16", "18")


async def test_a_folder_that_postgres_itself_refuses_shows_its_last_words(stopped):
    control = stopped / "data" / "global" / "pg_control"
    control.write_bytes(bytes(len(control.read_bytes())))
    refusal = await _refused(stopped, errors.StartFailed)
    assert "FATAL" in str(refusal)


async def test_a_lost_write_ahead_log(stopped):
    for segment in (stopped / "data" / "pg_wal").glob("0*"):
        segment.unlink()
    refusal = await _refused(stopped, errors.StartFailed)
    assert "checkpoint" in str(refusal)


async def test_too_little_disk_space(folder, monkeypatch):
    monkeypatch.setitem(data_folder.NEEDED_MIB, "new", 1 << 40)
    refusal = await _refused(folder, errors.NoDiskSpace)
    assert refusal.facts["free_mib"] > 0
    assert not (folder / "data").exists()


async def test_missing_binaries(folder, monkeypatch):
    monkeypatch.setattr(binaries, "VERSION", "0")
    refusal = await _refused(folder, errors.BinariesMissing)
    assert "make setup" in str(refusal)


async def test_a_role_that_commits_asynchronously(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        await ask(postgres, "CREATE ROLE hasty LOGIN")
        await ask(postgres, "ALTER ROLE hasty SET synchronous_commit = off")
    refusal = await _refused(folder, errors.NotDurable)
    assert refusal.facts == {"setting": "synchronous_commit", "value": "off", "where": "*/hasty"}


async def test_a_configuration_file_cannot_loosen_what_an_acknowledged_event_rests_on(stopped, ask):
    with (stopped / "data" / "postgresql.auto.conf").open("a") as configuration:
        configuration.write("fsync = off\nsynchronous_commit = off\n")
    async with EmbeddedPostgres(stopped) as postgres:
        assert await ask(postgres, "SHOW fsync") == "on"
        assert await ask(postgres, "SHOW synchronous_commit") == "on"


async def test_no_folder_short_enough_for_a_socket(folder, monkeypatch):
    monkeypatch.setattr("deploy.embedded.postgres.SOCKET_PATH_BYTES", 10)
    refusal = await _refused(folder, errors.NoSocketFolder)
    assert "/tmp" in refusal.facts["tried"]  # noqa: S108 - read, not used


async def test_a_refused_start_can_be_tried_again(stopped, ask):
    version = stopped / "data" / "PG_VERSION"
    version.rename(stopped / "aside")
    await _refused(stopped, errors.FolderDamaged)
    (stopped / "aside").rename(version)
    async with EmbeddedPostgres(stopped) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
