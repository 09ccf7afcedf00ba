"""Signed heads: what was the last hash, said by a key that the database doesn't hold, kept where the database isn't.

A chain alone proves nothing against whoever can recompute it. Every minute with changes each log's head is signed with
Ed25519 (RFC 8032) and appended to a file outside the database (embedded mode) or published (distributed mode). The
claim: any change before the last head held elsewhere is found.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.adapters.failpoints import failpoint
from shared.kernel.clock import Clock

SIGN_SECONDS = 60.0


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """`hash` is hex, `signature` base64 over the canonical JSON of the other fields."""

    tenant: str
    service: str
    position: int
    hash: str
    signed_at: datetime
    signature: str = ""

    def message(self) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(b64decode(self.signature), self.message())
        except (InvalidSignature, ValueError):
            return False
        return True


class HeadFile:
    """An append-only file of signed heads, one JSON line each."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, heads: list[SignedHead]) -> None:
        """Durable when it returns. A line that a crash cut off is skipped when reading."""
        lines = b"".join(msgspec.json.encode(head, order="sorted") + b"\n" for head in heads)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (b"" if self._ends_whole() else b"\n") + lines)
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self) -> Iterator[SignedHead]:
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for line in lines:
                try:
                    yield msgspec.json.decode(line, type=SignedHead)
                except msgspec.DecodeError:
                    continue

    def _ends_whole(self) -> bool:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


class HeadSource(Protocol):
    """Where the present heads of a log are."""

    service: str

    async def head_hashes(self) -> Mapping[str, tuple[int, bytes]]:
        """Tenant → (position, hash)."""
        ...


class HeadSigner:
    """Signs the heads of one service that have moved since it last did."""

    def __init__(self, key: Ed25519PrivateKey, source: HeadSource, file: HeadFile, clock: Clock) -> None:
        self._key = key
        self._source = source
        self._file = file
        self._clock = clock
        self._signed: dict[str, int] | None = None

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SIGN_SECONDS)
            await self.sign()

    async def sign(self) -> list[SignedHead]:
        """Sign what has moved; the new heads, already durable outside the database."""
        if self._signed is None:
            self._signed = {
                head.tenant: head.position for head in await asyncio.to_thread(lambda: [*self._file.read()])
            }
        signed = self._signed
        moved = [
            self._signed_head(tenant, position, hash_)
            for tenant, (position, hash_) in (await self._source.head_hashes()).items()
            if position > signed.get(tenant, 0)
        ]
        if moved:
            failpoint("before-head-signing")
            await asyncio.to_thread(self._file.append, moved)
            signed.update((head.tenant, head.position) for head in moved)
        return moved

    def _signed_head(self, tenant: str, position: int, hash_: bytes) -> SignedHead:
        head = SignedHead(
            tenant=tenant,
            service=self._source.service,
            position=position,
            hash=hash_.hex(),
            signed_at=self._clock(),
        )
        signature = b64encode(self._key.sign(head.message())).decode()
        return msgspec.structs.replace(head, signature=signature)
