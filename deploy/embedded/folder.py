"""The folder of an embedded database: `data/` (Postgres' own), `lock` (held by our process), `postgres.log`."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import IO

from deploy.embedded.binaries import VERSION
from deploy.embedded.errors import (
    EmbeddedError,
    FolderDamaged,
    FolderOfOtherVersion,
    NoDiskSpace,
    StartFailed,
)
from deploy.embedded.held_folder import HeldFolder
from deploy.embedded.program_log import ProgramLog

MIB = 1 << 20
NEEDED_MIB = {"new": 128, "existing": 32}
"""A new cluster takes 40 MiB and its first write-ahead segments; an existing one a segment and its checkpoint."""


class DataFolder(HeldFolder):
    """Paths, lock and judgement of one folder; starts nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = self.folder / "data"
        self.unborn = self.folder / "data.new"
        self.log = ProgramLog(self.folder / "postgres.log")

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
        self._adopt(self.unborn, self.data)

    def open_log(self) -> IO[bytes]:
        return self.log.open()

    def failure(self, problem: str, since: int) -> EmbeddedError:
        """Why a program did not do its work, by what it wrote after byte `since` of the log."""
        words = self.log.last_words(since)
        if os.strerror(errno.ENOSPC) in words:  # the disk filled up meanwhile
            return self._no_space()
        return StartFailed(folder=self.folder, problem=problem, last_lines=words)
