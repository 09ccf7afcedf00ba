"""The folder of an embedded database: `data/` (Postgres' own), `lock` (held by our process), `postgres.log`."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from deploy.embedded.binaries import VERSION
from deploy.embedded.errors import (
    EmbeddedError,
    FolderDamaged,
    FolderInUse,
    FolderOfAnother,
    FolderOfOtherVersion,
    NoDiskSpace,
    StartFailed,
)

MIB = 1 << 20
NEEDED_MIB = {"new": 128, "existing": 32}
"""A new cluster takes 40 MiB and its first write-ahead segments; an existing one a segment and its checkpoint."""
LOG_BYTES = 8 * MIB
LAST_LINES = 12


class DataFolder:
    """Paths, lock and judgement of one folder; starts nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.unborn = self.folder / "data.new"
        self.log = self.folder / "postgres.log"
        self._lock: int | None = None

    def hold(self) -> None:
        """Make the folder and take its lock for this process, until `release`. Raises `FolderInUse`."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as refused:
            raise FolderOfAnother(folder=self.folder, owner=_owner(self.folder)) from refused
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
            os.close(lock)
            raise FolderInUse(folder=self.folder, holder=holder or "?") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check_space(self) -> None:
        """Raises `NoDiskSpace` where starting would fail half way."""
        full = self._no_space()
        if full.free_mib < full.needed_mib:
            raise full

    def _no_space(self) -> NoDiskSpace:
        disk = os.statvfs(self.folder)
        needed = NEEDED_MIB["existing" if self.data.exists() else "new"]
        return NoDiskSpace(folder=self.folder, free_mib=disk.f_bavail * disk.f_frsize // MIB, needed_mib=needed)

    def check_cluster(self) -> None:
        """Raises `FolderDamaged` or `FolderOfOtherVersion`; Postgres itself judges what lies deeper."""
        version = self.data / "PG_VERSION"
        if not version.is_file():
            raise FolderDamaged(folder=self.data, problem="PG_VERSION is missing")
        found = version.read_text(errors="replace").strip()
        if not found.isdecimal():
            raise FolderDamaged(folder=self.data, problem="PG_VERSION is unreadable")
        if found != VERSION:
            raise FolderOfOtherVersion(folder=self.data, found=found, expected=VERSION)
        if not (self.data / "global" / "pg_control").is_file():
            raise FolderDamaged(folder=self.data, problem="global/pg_control is missing")

    def new_cluster(self, owner: int) -> Path:
        """An empty folder for `initdb`, given to `owner`; `adopt` makes it the data folder in one step."""
        shutil.rmtree(self.unborn, ignore_errors=True)  # left by a process killed in mid-creation
        self.unborn.mkdir(mode=0o700)
        os.chown(self.unborn, owner, -1)
        return self.unborn

    def adopt(self) -> None:
        self.unborn.rename(self.data)
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def open_log(self) -> IO[bytes]:
        """The database's own log for appending; the previous one is kept once it has grown."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("ab")

    def failure(self, problem: str, since: int) -> EmbeddedError:
        """Why a program did not do its work, by what it wrote after byte `since` of the log."""
        words = self._last_words(since)
        if os.strerror(errno.ENOSPC) in words:  # the disk filled up meanwhile
            return self._no_space()
        return StartFailed(folder=self.folder, problem=problem, last_lines=words)

    def _last_words(self, since: int) -> str:
        with self.log.open("rb") as log:
            log.seek(since)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:]) or "-"


def _owner(folder: Path) -> str:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        return existing.owner()
    except KeyError:
        return str(existing.stat().st_uid)
