"""Room on the disk that the database shares with us: below a reserve we read only, so that Postgres never runs dry.

Postgres panics where it can't write its write-ahead log. In embedded mode we see its disk and stop writing before; once
there is space again, writing resumes by itself.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import asyncpg

from shared.kernel.errors import StoreFull

LOOK_SECONDS = 0.25
MIB = 1 << 20
RESERVE_BYTES = 96 * MIB
"""Some write-ahead segments (16 MiB each) and a checkpoint's worth of pages."""


class Room:
    """How much space the folder's file system has left, looked up a few times a second at most."""

    def __init__(self, folder: Path, reserve: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._reserve = reserve
        self._looked = 0.0
        self._enough = True

    @property
    def is_enough(self) -> bool:
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            free = os.statvfs(self._folder)
            self._enough = free.f_bavail * free.f_frsize >= self._reserve
        return self._enough

    def check(self) -> None:
        """Raises StoreFull where less than the reserve is left."""
        if not self.is_enough:
            raise StoreFull


def is_full(error: BaseException) -> bool:
    """Whether the disk, or our share of it, is what was too small: as Postgres says it, or the file system."""
    return isinstance(error, asyncpg.DiskFullError) or (
        isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    )
