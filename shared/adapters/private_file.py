"""Secrets of embedded mode: a file that only its owner can read, made once and kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from shared.kernel.errors import SuyuanError

_OWNER_ONLY = 0o600


@dataclass(eq=False, kw_only=True)
class ReadableByOthers(SuyuanError):
    """A secret's file can be read by somebody else: it may be known, so it isn't used."""

    zh: ClassVar[str] = "密钥文件 {file} 可被他人读取：请执行 chmod 600，或删除它以生成新的密钥"
    en: ClassVar[str] = "{file} can be read by others: chmod 600 it, or remove it to get a new secret"
    file: str


@dataclass(eq=False, kw_only=True)
class SecretBroken(SuyuanError):
    """Shorter or longer than it was made, or not what it should be: using it could lose what it protects."""

    zh: ClassVar[str] = "密钥文件 {file} 已损坏：请从备份恢复"
    en: ClassVar[str] = "The secret in {file} is broken: restore it from a backup"
    file: str


def kept(path: Path, make: Callable[[], bytes], size: int | None = None) -> bytes:
    """The file's bytes, `size` of them; the first time those of `make`, written whole or not at all.

    Raises ReadableByOthers, SecretBroken, OSError.
    """
    if not path.exists():
        _write(path, make())
    return given(path, size)


def given(path: Path, size: int | None = None) -> bytes:
    """The bytes of a secret that somebody else made, `size` of them. Raises ReadableByOthers, SecretBroken, OSError."""
    if path.is_dir():
        raise SecretBroken(file=path.name)
    if path.stat().st_mode & 0o077:
        raise ReadableByOthers(file=str(path))
    found = path.read_bytes()
    if size is not None and len(found) != size:
        raise SecretBroken(file=path.name)
    return found


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails where another process was first: theirs is then read
    except FileExistsError:
        pass
    finally:
        draft.unlink()
