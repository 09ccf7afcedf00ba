"""What a command that failed on purpose says, and the code it ends with.

0 done, 2 usage or settings, 130 and 143 ended by a signal; what a command answers: 3 to 6 (docs/operations.md).
10 to 21, 30, 31 and 33 are the classes of deploy/embedded (`exit_code` of each); 16 also on a disk that runs full.
34 to 41 are those of Kafka: deploy/kafka, shared/adapters/kafka/{topics,history}.py, deploy/commands/from_topics.py.
45 to 48 are those of a move: deploy/moving/errors.py.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from shared.adapters.disk import is_full
from shared.adapters.postgres.connection import DurabilityOff
from shared.adapters.postgres.migrate import ChangedMigration, NewerSchema, OlderSchema
from shared.adapters.postgres.rebuild import RebuildDiffers, RebuildParked
from shared.adapters.postgres.verify import DAMAGED
from shared.adapters.private_file import ReadableByOthers, SecretBroken
from shared.kernel.errors import StoreFull, StoreUnavailable, SuyuanError, UnknownEvent

TAMPERED, NOT_FOUND, STILL_PARKED, NOT_SWITCHED = 3, 4, 5, 6

NO_SPACE = 16


@dataclass(eq=False, kw_only=True)
class DatabaseGone(SuyuanError):
    zh: ClassVar[str] = "数据库在命令执行中停止：请重新执行该命令"
    en: ClassVar[str] = "The database stopped while the command ran: run it again"


@dataclass(eq=False, kw_only=True)
class DatabaseDamaged(SuyuanError):
    zh: ClassVar[str] = "数据库读不出自己的数据：{problem}。请从备份恢复；用 verify 可查出日志中的第一处"
    en: ClassVar[str] = (
        "The database can't read its own data: {problem}. Restore it from a backup; verify names the first in the log"
    )
    problem: str


@dataclass(eq=False, kw_only=True)
class PathUnusable(SuyuanError):
    zh: ClassVar[str] = "无法使用 {file}（{problem}）：数据文件夹须是可写的文件夹，其中的文件须属于本账户"
    en: ClassVar[str] = (
        "{file} can't be used ({problem}): the data folder must be a folder that can be written, its files our own"
    )
    file: str
    problem: str


_UNUSABLE = frozenset({errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EROFS, errno.EACCES, errno.EPERM})

EXIT_CODES: Mapping[type[SuyuanError], int] = {
    RebuildDiffers: NOT_SWITCHED,
    RebuildParked: NOT_SWITCHED,
    StoreFull: NO_SPACE,
    NewerSchema: 22,
    ChangedMigration: 23,
    DurabilityOff: 24,
    OlderSchema: 25,
    StoreUnavailable: 26,
    DatabaseGone: 26,
    DatabaseDamaged: 27,
    UnknownEvent: 28,
    SecretBroken: 29,
    ReadableByOthers: 29,
    PathUnusable: 32,
}

_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionRefusedError,
    ConnectionResetError,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    error: SuyuanError
    exit_code: int

    def text(self, language: str) -> str:
        return self.error.text(language)


def outcome(error: Exception) -> Outcome | None:
    """None for a defect of ours: that is a traceback."""
    said = _said(error)
    if said is None:
        return None
    code = getattr(said, "exit_code", None) or next((c for kind, c in EXIT_CODES.items() if isinstance(said, kind)), 1)
    return Outcome(said, code)


def _said(error: Exception) -> SuyuanError | None:
    if isinstance(error, SuyuanError):
        return error
    if is_full(error):
        return StoreFull()
    if isinstance(error, OSError) and error.errno in _UNUSABLE and error.filename is not None:
        return PathUnusable(file=str(error.filename), problem=error.strerror or "")
    if isinstance(error, DAMAGED):
        return DatabaseDamaged(problem=str(error))
    closed = isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)  # others are misuse: a defect
    return DatabaseGone() if closed or isinstance(error, _GONE) else None
