"""Crypto-shredding: marked fields are sealed under a key per data subject or party; destroying the key erases them.

AES-256-GCM, a fresh 96-bit nonce for each value; associated data = tenant, stream, event id and field, so that a sealed
text moved elsewhere doesn't open. Keys are wrapped (AES-256 key wrap, RFC 3394) by a master key from outside the
database, and decrypted keys live for one request.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from shared.contracts.event import Event
from shared.kernel.errors import KeyOwnerErased
from shared.kernel.marked import SEAL as PREFIX
from shared.kernel.marked import key_owners, rewrite
from shared.kernel.ports import NewKey, Sealed, SubjectKeys

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SEALED = re.compile(
    rf"{PREFIX}(?P<owner>{_UUID}):(?P<event>{_UUID}):(?P<path>[^:]+):(?P<stream>[^:]+):(?P<body>[\w=-]+)"
)
"""What a sealed text looks like. A person may send a text that looks so too: only what decrypts is taken for one."""

ERASED = {"zh": "已删除", "en": "[erased]"}

_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealingVault:
    """The Vault of one service: its own keys, wrapped by `master` (32 bytes)."""

    def __init__(self, master: bytes, keys: SubjectKeys) -> None:
        if len(master) != _KEY_BYTES:
            raise ValueError("the master key has 32 bytes")
        self._master = master
        self._lookup_key = sha256(b"suyuan lookup" + master).digest()
        self._keys = keys

    async def seal(self, tenant: str, stream: str, events: Sequence[tuple[UUID, Event]]) -> Sealed:
        """Raises KeyOwnerErased where an event has a personal value of somebody whose key is destroyed."""
        owners = {owner for _, event in events for owner in key_owners(event)}
        if not owners:
            return Sealed(tuple(event for _, event in events))
        known = await self._keys.wrapped(tenant, owners)
        plain: dict[UUID, bytes] = {}
        new: list[NewKey] = []
        for owner in sorted(owners):
            wrapped = known.get(owner, b"")
            if wrapped is None:
                raise KeyOwnerErased(owner=str(owner))
            if wrapped:
                plain[owner] = aes_key_unwrap(self._master, wrapped)
            else:
                plain[owner] = os.urandom(_KEY_BYTES)
                new.append(NewKey(owner, aes_key_wrap(self._master, plain[owner])))
        sealed = tuple(_seal_event(tenant, stream, event_id, event, plain) for event_id, event in events)
        return Sealed(sealed, tuple(new), tuple(sorted(owners)))

    async def open(self, tenant: str, texts: Collection[str], language: str) -> Mapping[str, str]:
        """Texts that are not sealed come back as they are."""
        sealed = {text: match for text in texts if (match := _SEALED.fullmatch(text))}
        owners = {UUID(match["owner"]) for match in sealed.values()}
        known = await self._keys.wrapped(tenant, owners) if owners else {}
        plain = {owner: AESGCM(aes_key_unwrap(self._master, key)) for owner, key in known.items() if key}
        erased = ERASED["zh" if language.startswith("zh") else "en"]
        opened = {text: text for text in texts}
        for text, match in sealed.items():
            key = plain.get(UUID(match["owner"]))
            found = _decrypted(tenant, match, key) if key else None
            opened[text] = erased if found is None else found
        return opened

    def lookup(self, tenant: str, kind: str, value: str) -> bytes:
        """The keyed hash by which a phone or email is found again; without the key it can't be tried out."""
        return sha256(self._lookup_key + f"{tenant}\x1f{kind}\x1f{value}".encode()).digest()

    async def seal_blob(self, tenant: str, owner: UUID, name: UUID, content: bytes) -> tuple[bytes, tuple[NewKey, ...]]:
        """A file's content under the owner's key (made where there is none), for content-addressed storage."""
        wrapped = (await self._keys.wrapped(tenant, [owner])).get(owner, b"")
        if wrapped is None:
            raise KeyOwnerErased(owner=str(owner))
        key = aes_key_unwrap(self._master, wrapped) if wrapped else os.urandom(_KEY_BYTES)
        new = () if wrapped else (NewKey(owner, aes_key_wrap(self._master, key)),)
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, content, f"{tenant}\x1f{name}".encode()), new

    async def open_blob(self, tenant: str, owner: UUID, name: UUID, sealed: bytes) -> bytes:
        """Raises KeyOwnerErased once the owner's key is destroyed."""
        wrapped = (await self._keys.wrapped(tenant, [owner])).get(owner)
        if not wrapped:
            raise KeyOwnerErased(owner=str(owner))
        key = AESGCM(aes_key_unwrap(self._master, wrapped))
        return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{tenant}\x1f{name}".encode())


def _seal_event(tenant: str, stream: str, event_id: UUID, event: Event, keys: Mapping[UUID, bytes]) -> Event:
    def seal(path: str, owner: UUID, text: str) -> str:
        key = AESGCM(keys[owner])
        match = _SEALED.fullmatch(text)
        if match and match["stream"] == stream and match["owner"] == str(owner) and _decrypted(tenant, match, key):
            return text  # carried over from an earlier event of the stream
        nonce = os.urandom(_NONCE_BYTES)
        about = _associated(tenant, stream, str(event_id), path)
        body = urlsafe_b64encode(nonce + key.encrypt(nonce, text.encode(), about)).decode()
        return f"{PREFIX}{owner}:{event_id}:{path}:{stream}:{body}"

    return rewrite(event, seal)


def _decrypted(tenant: str, match: re.Match[str], key: AESGCM) -> str | None:
    """None where it was moved or altered: nothing that could be trusted."""
    try:
        raw = urlsafe_b64decode(match["body"])
        about = _associated(tenant, match["stream"], match["event"], match["path"])
        return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about).decode()
    except (InvalidTag, ValueError):
        return None


def _associated(tenant: str, stream: str, event_id: str, path: str) -> bytes:
    return f"{tenant}\x1f{stream}\x1f{event_id}\x1f{path}".encode()


def sealed_texts(value: Any) -> Iterator[str]:
    """Every sealed text inside plain JSON or rows, for opening them all at once."""
    if isinstance(value, str):
        if value.startswith(PREFIX) and _SEALED.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from sealed_texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from sealed_texts(inner)


def with_opened(value: Any, opened: Mapping[str, str]) -> Any:
    """A copy of plain JSON in which each sealed text is replaced by what it says."""
    if isinstance(value, str):
        return opened.get(value, value)
    if isinstance(value, Mapping):
        return {key: with_opened(inner, opened) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_opened(inner, opened) for inner in value]
    return value
