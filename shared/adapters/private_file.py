"""Secrets of embedded mode: a file that only its owner can read, made once and kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_OWNER_ONLY = 0o600


class ReadableByOthers(PermissionError):
    """A secret's file can be read by somebody else: it may be known, so it isn't used."""


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's bytes; the first time those of `make`, written whole or not at all.

    Raises ReadableByOthers, OSError.
    """
    if not path.exists():
        _write(path, make())
    if path.stat().st_mode & 0o077:
        raise ReadableByOthers(f"{path} can be read by others: chmod 600 it, or remove it to get a new secret")
    return path.read_bytes()


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
