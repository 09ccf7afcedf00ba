"""Numbered SQL files, applied once each as the owner: in the order of their numbers within a folder.

A file is known by its folder and name, so the kernel's folder and a service's grow independently of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import asyncpg

from shared.kernel.errors import SuyuanError

KERNEL = Path(__file__).parent / "migrations"

_DONE = "select number, name, sha256 from public.migration order by number"


@dataclass(eq=False, kw_only=True)
class NewerSchema(SuyuanError):
    """The database was migrated by a later build than this one."""

    zh: ClassVar[str] = "数据库 {database} 的结构（{found}）比本版本（{known}）新：请使用更新的版本"
    en: ClassVar[str] = "Database {database} has schema {found}, newer than this build's {known}: use a newer build"
    database: str
    found: int
    known: int


@dataclass(eq=False, kw_only=True)
class OlderSchema(SuyuanError):
    """The database is served by an earlier build than this one."""

    zh: ClassVar[str] = "数据库 {database} 的结构（{found}）比本版本（{known}）旧：请先用本版本重启服务"
    en: ClassVar[str] = (
        "Database {database} has schema {found}, older than this build's {known}: restart the server with this build"
    )
    database: str
    found: int
    known: int


@dataclass(eq=False, kw_only=True)
class ChangedMigration(SuyuanError):
    """A migration that was applied has other text now."""

    zh: ClassVar[str] = "已执行的迁移 {name} 内容被改动：请恢复原文，改动写入新的迁移"
    en: ClassVar[str] = "Migration {name} was changed after it was applied: restore it and write a new one"
    name: str


async def migrate(owner: asyncpg.Connection, runtime: str, *folders: Path) -> int:
    """Bring the database up to date; `folders` come after the kernel's own. Returns how many files were applied.

    Raises NewerSchema and ChangedMigration before anything is touched.
    """
    files = _files(folders)
    async with owner.transaction():
        await owner.execute("select pg_advisory_xact_lock(hashtext('suyuan.migrate'))")
        await owner.execute(
            "create table if not exists public.migration"
            " (number integer primary key, name text not null, sha256 text not null,"
            " at timestamptz not null default clock_timestamp())"
        )
        done = await owner.fetch(_DONE)
        missing = await _missing(owner, done, files)
        for number, file in enumerate(missing, start=len(done) + 1):
            text = file.read_text(encoding="utf-8")
            await owner.execute(text.replace("{runtime}", f'"{runtime}"'))
            await owner.execute(
                "insert into public.migration (number, name, sha256) values ($1, $2, $3)",
                number,
                _name(file),
                _sum(text),
            )
    return len(missing)


async def check(owner: asyncpg.Connection, *folders: Path) -> None:
    """Whether a database that somebody else serves has just this build's schema; nothing is touched.

    Raises NewerSchema, ChangedMigration and OlderSchema.
    """
    files = _files(folders)
    done = await owner.fetch(_DONE)
    if await _missing(owner, done, files):
        database = await owner.fetchval("select current_database()")
        raise OlderSchema(database=database, found=len(done), known=len(files))


async def _missing(owner: asyncpg.Connection, done: Sequence[asyncpg.Record], files: Sequence[Path]) -> Sequence[Path]:
    """What is to be applied yet. Raises NewerSchema, ChangedMigration (also for a file put before an applied one)."""
    applied = {row["name"]: row["sha256"] for row in done}
    if applied.keys() - {_name(file) for file in files}:
        database = await owner.fetchval("select current_database()")
        raise NewerSchema(database=database, found=len(done), known=len(files))
    missing: list[Path] = []
    for file in files:
        name = _name(file)
        if name not in applied:
            missing.append(file)
        elif applied[name] != _sum(file.read_text(encoding="utf-8")) or any(m.parent == file.parent for m in missing):
            raise ChangedMigration(name=name)
    return missing


def _files(folders: Sequence[Path]) -> Sequence[Path]:
    return [f for folder in (KERNEL, *folders) for f in sorted(folder.glob("[0-9]*.sql"))]


def _name(file: Path) -> str:
    return f"{file.parent.parent.name}/{file.name}"


def _sum(text: str) -> str:
    return sha256(text.encode()).hexdigest()
