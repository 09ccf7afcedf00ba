"""A folder that one process of ours holds: its `lock` is taken by flock, which ends with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from deploy.embedded.errors import FolderInUse, FolderOfAnother


class HeldFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
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

    @property
    def is_held(self) -> bool:
        return self._lock is not None

    def _adopt(self, unborn: Path, whole: Path) -> None:
        """What was made beside gets its name in one step, which a power cut doesn't undo."""
        unborn.rename(whole)
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _owner(folder: Path) -> str:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        return existing.owner()
    except KeyError:
        return str(existing.stat().st_uid)
