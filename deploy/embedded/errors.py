"""Why the embedded database does not run: one class, one sentence and one exit code each.

EmbeddedError
├── BinariesMissing       10   the wheel with the Postgres binaries is not installed, or cannot be run
├── NoAccount             11   root, and no unprivileged account that can reach the folder
├── FolderInUse           12   another Suyuan process holds the folder
├── FolderOfAnother       13   the folder belongs to another user
├── FolderDamaged         14   there is something in it, but no database that can be opened
├── FolderOfOtherVersion  15   a database of another Postgres version
├── NoDiskSpace           16   too little space to start
├── NoSocketFolder        17   no private folder with a path short enough for a socket
├── StartFailed           18   Postgres ended, or was not ready in time: its last words
└── NotDurable            19   a setting of this database would lose acknowledged events
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from shared.kernel.errors import SuyuanError


class EmbeddedError(SuyuanError):
    """What we run on this machine for ourselves can't run; `exit_code` is what the process ends with."""

    exit_code: ClassVar[int] = 1


@dataclass(eq=False, kw_only=True)
class BinariesMissing(EmbeddedError):
    exit_code: ClassVar[int] = 10
    zh: ClassVar[str] = "找不到可运行的 Postgres 程序（{folder}）：{problem}。请先运行 make setup"
    en: ClassVar[str] = "There are no Postgres binaries that run in {folder}: {problem}. Run make setup first"
    folder: Path
    problem: str


@dataclass(eq=False, kw_only=True)
class NoAccount(EmbeddedError):
    exit_code: ClassVar[int] = 11
    zh: ClassVar[str] = "Postgres 不能以 root 运行，而没有普通账户能访问 {folder}：请用普通用户启动，或换一个文件夹"
    en: ClassVar[str] = (
        "Postgres does not run as root and no unprivileged account can reach {folder}: "
        "start as a plain user, or choose another folder"
    )
    folder: Path


@dataclass(eq=False, kw_only=True)
class FolderInUse(EmbeddedError):
    exit_code: ClassVar[int] = 12
    zh: ClassVar[str] = "数据文件夹 {folder} 正被另一个溯源进程使用（进程号 {holder}）：请先停止它，或换一个文件夹"
    en: ClassVar[str] = (
        "The data folder {folder} is in use by another Suyuan process (pid {holder}): "
        "stop that one first, or choose another folder"
    )
    folder: Path
    holder: str


@dataclass(eq=False, kw_only=True)
class FolderOfAnother(EmbeddedError):
    exit_code: ClassVar[int] = 13
    zh: ClassVar[str] = "数据文件夹 {folder} 属于用户 {owner}：请以该用户启动，或换一个文件夹"
    en: ClassVar[str] = "The data folder {folder} belongs to user {owner}: start as that user, or choose another folder"
    folder: Path
    owner: str


@dataclass(eq=False, kw_only=True)
class FolderDamaged(EmbeddedError):
    exit_code: ClassVar[int] = 14
    zh: ClassVar[str] = "数据文件夹 {folder} 已损坏：{problem}。请从备份恢复；系统没有改动其中任何内容"
    en: ClassVar[str] = (
        "The data folder {folder} is damaged: {problem}. Restore it from a backup; nothing in it was changed"
    )
    folder: Path
    problem: str


@dataclass(eq=False, kw_only=True)
class FolderOfOtherVersion(EmbeddedError):
    exit_code: ClassVar[int] = 15
    zh: ClassVar[str] = "数据文件夹 {folder} 属于 Postgres {found}，本版本使用 Postgres {expected}：请先迁移数据"
    en: ClassVar[str] = (
        "The data folder {folder} is of Postgres {found}, this build runs Postgres {expected}: migrate the data first"
    )
    folder: Path
    found: str
    expected: str


@dataclass(eq=False, kw_only=True)
class NoDiskSpace(EmbeddedError):
    exit_code: ClassVar[int] = 16
    zh: ClassVar[str] = "{folder} 所在磁盘只剩 {free_mib} MiB，启动至少需要 {needed_mib} MiB：请先腾出空间"
    en: ClassVar[str] = (
        "The disk of {folder} has {free_mib} MiB left, starting takes at least {needed_mib} MiB: free some space first"
    )
    folder: Path
    free_mib: int
    needed_mib: int


@dataclass(eq=False, kw_only=True)
class NoSocketFolder(EmbeddedError):
    exit_code: ClassVar[int] = 17
    zh: ClassVar[str] = "找不到可写且路径足够短的文件夹放置套接字（试过 {tried}）：请把 TMPDIR 设为短路径"
    en: ClassVar[str] = (
        "No writable folder has a path short enough for a socket (tried {tried}): set TMPDIR to a short path"
    )
    tried: str


@dataclass(eq=False, kw_only=True)
class StartFailed(EmbeddedError):
    exit_code: ClassVar[int] = 18
    zh: ClassVar[str] = "{folder} 上的数据库无法启动（{problem}）。它最后的日志：\n{last_lines}"
    en: ClassVar[str] = "The database in {folder} does not start ({problem}). Its last words:\n{last_lines}"
    folder: Path
    problem: str
    last_lines: str


@dataclass(eq=False, kw_only=True)
class NotDurable(EmbeddedError):
    exit_code: ClassVar[int] = 19
    zh: ClassVar[str] = "拒绝启动：{where} 把 {setting} 设为 {value}，已确认的事件可能丢失。请恢复默认值"
    en: ClassVar[str] = (
        "Refusing to start: {where} sets {setting} to {value}, acknowledged events could be lost. Reset it"
    )
    setting: str
    value: str
    where: str
