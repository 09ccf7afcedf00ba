"""Root drops its privileges, under a closed home too; a plain user runs everything as is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy.embedded.account import NOBODY, choose
from deploy.embedded.errors import FolderOfAnother, NoAccount
from deploy.embedded.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about root")


def _reachable() -> bool:
    """Whether the binaries lie where an unprivileged account may go (they don't in a clone under /root)."""
    return all(parent.stat().st_mode & 0o001 for parent in (REPOSITORY, *REPOSITORY.parents))


def _renamed_accounts_work() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "--user", "/bin/true"], check=False).returncode == 0


def _user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def _capabilities(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in status if line.startswith("CapEff"))


@as_root
@pytest.mark.skipif(not _reachable(), reason="this clone is closed to other accounts")
async def test_root_drops_to_an_unprivileged_user(folder):
    async with EmbeddedPostgres(folder) as postgres:
        assert _user_of(postgres.pid) == NOBODY
        assert (folder / "data").stat().st_uid == NOBODY


@as_root
@pytest.mark.skipif(not _renamed_accounts_work(), reason="this machine has no user namespaces")
async def test_under_a_closed_home_root_runs_it_without_privileges(folder, ask):
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    async with EmbeddedPostgres(folder) as postgres:
        assert int(_capabilities(postgres.pid), 16) == 0
        assert (folder / "data").stat().st_uid == 0
        assert folder.parent.stat().st_mode & 0o777 == 0o700  # nobody opened it
        assert await ask(postgres, "SELECT 1") == 1


@as_root
@pytest.mark.skipif(not (_reachable() and _renamed_accounts_work()), reason="one of the two ways is closed here")
async def test_a_folder_that_is_closed_or_opened_later_still_starts(folder, ask):
    async with EmbeddedPostgres(folder) as postgres:
        await ask(postgres, "CREATE TABLE kept AS SELECT 42 AS x")
    for mode in (0o700, 0o755):
        folder.parent.chmod(mode)
        async with EmbeddedPostgres(folder) as postgres:
            assert await ask(postgres, "SELECT x FROM kept") == 42


@as_root
async def test_no_account_can_reach_the_folder(folder, monkeypatch):
    monkeypatch.setattr("deploy.embedded.account.Account.can_run", lambda *_: False)
    with pytest.raises(NoAccount):
        await EmbeddedPostgres(folder).start()


async def test_a_plain_user_is_refused_the_folder_of_another(folder, monkeypatch):
    (folder / "data").mkdir(parents=True)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    with pytest.raises(FolderOfAnother):
        await EmbeddedPostgres(folder).start()


@as_root
def test_a_plain_user_runs_it_kills_it_and_finds_everything():
    """The tests of kills, accounts and databases again, in a process that is not root."""
    scratch = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    try:
        python = Path(sys.executable)
        account = choose(scratch, scratch / "data", python)
        os.chown(scratch, account.owner, -1)
        again = ("test_embedded_postgres_killed.py", "test_embedded_postgres_accounts.py", "test_service_databases.py")
        run = account.spawn(
            *("/bin/sh", "-c", 'cd -- "$1" && shift && exec "$@"', "sh", REPOSITORY),
            *("/usr/bin/env", f"TMPDIR={scratch}", "PYTHONDONTWRITEBYTECODE=1"),
            *(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--basetemp", scratch / "base"),
            *(Path(__file__).with_name(name) for name in again),
            output=subprocess.PIPE,
        )
        said, _ = run.communicate()
        assert run.returncode == 0, said.decode()
        assert b"passed" in said
        assert not any(path.name.startswith("suyuan-") for path in scratch.iterdir())
    finally:
        shutil.rmtree(scratch)
