"""Blobs in a folder: content-addressed, immutable, a folder a tenant. What is personal in them was sealed before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from shared.adapters.disk import Room
from shared.adapters.failpoints import failpoint

CHUNK = 1 << 20


class FolderBlobs:
    """The Blobs port over a folder. A file's name is the SHA-256 of its bytes."""

    def __init__(self, folder: Path, room: Room | None = None) -> None:
        """`room` is asked before each piece: files must not take what Postgres needs to live."""
        self._folder = folder
        self._room = room

    async def put(self, tenant: str, chunks: AsyncIterator[bytes]) -> str:
        """Durable when it returns; the same content again is the same file. Raises StoreFull."""
        self._require_room()
        home = self._home(tenant)
        await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
        draft = home / f".draft-{os.urandom(12).hex()}"
        name = sha256()
        try:
            with draft.open("xb") as file:
                async for chunk in chunks:
                    self._require_room()
                    name.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            await asyncio.to_thread(put_in_place, draft, home / name.hexdigest())
        finally:
            draft.unlink(missing_ok=True)
        failpoint("after-blob-before-append")
        return name.hexdigest()

    async def get(self, tenant: str, sha256: str) -> AsyncIterator[bytes]:
        """The blob's bytes. Raises FileNotFoundError."""
        with (self._home(tenant) / _checked(sha256)).open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def exists(self, tenant: str, sha256: str) -> bool:
        return await asyncio.to_thread((self._home(tenant) / _checked(sha256)).exists)

    def _require_room(self) -> None:
        if self._room is not None:
            self._room.check()

    def _home(self, tenant: str) -> Path:
        return self._folder / quote(tenant, safe="")


def put_in_place(draft: Path, place: Path) -> None:
    """A file that was written and synced gets its name, durably too: its folder is synced."""
    draft.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _checked(name: str) -> str:
    if len(name) != sha256().digest_size * 2 or not set(name) <= set("0123456789abcdef"):
        raise FileNotFoundError(name)
    return name
