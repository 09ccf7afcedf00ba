"""Signed heads: what was the last hash, said by a key that the database doesn't hold, kept where the database isn't.

A chain alone proves nothing against whoever can recompute it. Every minute with changes each log's head is signed with
Ed25519 (RFC 8032) and appended to a file outside the database (embedded mode) or published (distributed mode). The
claim: any change before the last head held elsewhere is found.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.adapters.failpoints import failpoint
from shared.adapters.logging import get_logger
from shared.kernel.clock import Clock
from shared.kernel.errors import LogError

SIGN_SECONDS = 60.0
LONGEST_LINE = 4096
"""More than a tenant's name, two numbers, a hash, a time and a signature take."""

_log = get_logger("suyuan.heads")


@dataclass(eq=False, kw_only=True)
class HeadsUnreadable(LogError):
    zh: ClassVar[str] = "读不了链头文件 {file}（{problem}）：请检查它是否为普通文件、本账户能否读取"
    en: ClassVar[str] = "The file of signed heads {file} can't be read ({problem}): is it a file, and ours to read?"
    file: str
    problem: str


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


@dataclass(frozen=True, slots=True)
class HeadLine:
    """One line of a file, counted from 1. `head` is None where nobody can read it: somebody damaged it."""

    number: int
    head: SignedHead | None


class HeadBook(Protocol):
    """Where signed heads are kept, outside the database. `name` is how findings call it."""

    @property
    def name(self) -> str: ...

    async def told(self, tenant: str) -> Sequence[HeadLine]:
        """The tenant's heads in the order in which they were kept, and lines that nobody can read.

        Raises HeadsUnreadable.
        """
        ...

    async def last(self) -> Mapping[str, int]:
        """Up to which position each tenant's log was signed. Raises HeadsUnreadable."""
        ...

    async def keep(self, heads: Sequence[SignedHead]) -> None:
        """Durable when it returns. Raises OSError, StoreError."""
        ...

    async def is_there(self) -> bool: ...


class HeadFile:
    """A HeadBook: an append-only file, one JSON line each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"{path.parent.name}/{path.name}"

    def append(self, heads: list[SignedHead]) -> None:
        """Durable when it returns. What a crash left of a line at the end makes room first. Raises OSError."""
        lines = b"".join(msgspec.json.encode(head, order="sorted") + b"\n" for head in heads)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _cut_off_what_a_crash_left(handle)
            os.write(handle, lines)
            os.fsync(handle)
        finally:
            os.close(handle)

    def lines(self) -> Iterator[HeadLine]:
        """Every line that was written whole; none where there is no file. Raises HeadsUnreadable."""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.endswith(b"\n"):  # the last without one was cut off by a crash, and never durable
                        yield HeadLine(number, decoded(line))
        except FileNotFoundError:
            return
        except OSError as problem:
            raise HeadsUnreadable(file=self.name, problem=problem.strerror or type(problem).__name__) from problem

    async def told(self, tenant: str) -> Sequence[HeadLine]:
        return await asyncio.to_thread(
            lambda: [line for line in self.lines() if line.head is None or line.head.tenant == tenant]
        )

    async def last(self) -> Mapping[str, int]:
        return await asyncio.to_thread(lambda: {head.tenant: head.position for head in self.read()})

    async def keep(self, heads: Sequence[SignedHead]) -> None:
        await asyncio.to_thread(self.append, list(heads))

    async def is_there(self) -> bool:
        return self.path.exists()

    def read(self) -> Iterator[SignedHead]:
        """The heads of those lines. Raises HeadsUnreadable."""
        return (line.head for line in self.lines() if line.head is not None)


def _cut_off_what_a_crash_left(handle: int) -> None:
    size = os.fstat(handle).st_size
    tail = os.pread(handle, LONGEST_LINE, max(size - LONGEST_LINE, 0))
    left = len(tail) - (tail.rfind(b"\n") + 1)
    if left:
        os.ftruncate(handle, size - left)


def decoded(line: bytes) -> SignedHead | None:
    """None for what is no head."""
    try:
        return msgspec.json.decode(line, type=SignedHead)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class HeadSource(Protocol):
    """Where the present heads of a log are."""

    service: str

    async def head_hashes(self) -> Mapping[str, tuple[int, bytes]]:
        """Tenant → (position, hash)."""
        ...


Turn = Callable[[], AbstractAsyncContextManager[None]]


class HeadSigner:
    """Signs the heads of one service that have moved since it last did."""

    def __init__(
        self, key: Ed25519PrivateKey, source: HeadSource, book: HeadBook, clock: Clock, turn: Turn = nullcontext
    ) -> None:
        """`turn`: what a process holds while it signs, where there are several of the service."""
        self._key = key
        self._source = source
        self._book = book
        self._clock = clock
        self._turn = turn
        self._signed: dict[str, int] | None = None

    async def run(self) -> None:
        """At once, for what a crash left unsigned, then every SIGN_SECONDS."""
        async with self._turn():
            self._signed = None  # another process may have signed meanwhile
            while True:
                await self.sign()
                await asyncio.sleep(SIGN_SECONDS)

    async def sign(self) -> list[SignedHead]:
        """Sign what has moved; the new heads, already durable outside the database."""
        if self._signed is None:
            self._signed = dict(await self._book.last())
        signed = self._signed
        moved = [
            self._signed_head(tenant, position, hash_)
            for tenant, (position, hash_) in (await self._source.head_hashes()).items()
            if position > signed.get(tenant, 0)
        ]
        if moved:
            failpoint("before-head-signing")
            if signed and not await self._book.is_there():
                _log.error("the signed heads are gone, they begin anew", book=self._book.name)
            await self._book.keep(moved)
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
