"""The master key must be the one under which the database's keys are wrapped, before anything more is sealed.

With another one, or a new one, nobody's data could be read; and what would be recorded under it could not be read any
more once the right one is put back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import asyncpg
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from deploy.embedded.databases import ServiceDatabase
from deploy.embedded.errors import EmbeddedError

_ANY = "select wrapped from log.subject_key where wrapped is not null limit 1"


@dataclass(eq=False, kw_only=True)
class MasterKeyMissing(EmbeddedError):
    exit_code: ClassVar[int] = 30
    zh: ClassVar[str] = "找不到主密钥 {file}，而数据库 {database} 中有用它加密的个人数据：请从备份恢复该文件"
    en: ClassVar[str] = "There is no master key {file}, but database {database} holds data sealed under it: restore it"
    file: Path
    database: str


@dataclass(eq=False, kw_only=True)
class MasterKeyOther(EmbeddedError):
    exit_code: ClassVar[int] = 31
    zh: ClassVar[str] = "主密钥 {file} 不是加密数据库 {database} 的那一个：请从备份恢复原来的文件"
    en: ClassVar[str] = "Master key {file} isn't the one that database {database} was sealed under: restore that one"
    file: Path
    database: str


async def require_master_key(file: Path, databases: Iterable[ServiceDatabase]) -> None:
    """Raises MasterKeyMissing, MasterKeyOther. A folder in which nothing is sealed yet may get a new one."""
    for database in databases:
        owner = await asyncpg.connect(**database.owner)
        try:
            wrapped = await owner.fetchval(_ANY)
        finally:
            await owner.close()
        if wrapped is not None:
            require_unwraps(file, wrapped, database.name)


def require_unwraps(file: Path, wrapped: bytes, database: str) -> None:
    """Raises MasterKeyMissing, MasterKeyOther."""
    if not file.is_file():
        raise MasterKeyMissing(file=file, database=database)
    try:
        aes_key_unwrap(file.read_bytes(), wrapped)
    except (InvalidUnwrap, ValueError):
        raise MasterKeyOther(file=file, database=database) from None
