"""The issuer's public keys: from a URL (cached, read again when a token names an unknown one), a file, or given."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from shared.adapters.http.edge_errors import Unavailable
from shared.adapters.logging import get_logger

MAX_AGE_SECONDS = 600.0
MIN_REFRESH_SECONDS = 30.0
FETCH_SECONDS = 5.0
_MAX_BYTES = 1024 * 1024

_log = get_logger("suyuan.auth")


class KeySource(Protocol):
    async def find(self, kid: str | None) -> list[RSAKey | ECKey]:
        """The keys that may have signed: the one named, or all where the token names none."""
        ...


class FixedKeys:
    """Keys that never change while the process runs."""

    def __init__(self, keys: list[RSAKey | ECKey]) -> None:
        self._keys = keys

    async def find(self, kid: str | None) -> list[RSAKey | ECKey]:
        return _named(self._keys, kid)


def keys_from_file(path: Path) -> FixedKeys:
    """A JWKS, one JWK, or one PEM public key. Raises OSError, ValueError."""
    data = path.read_bytes()
    if data.lstrip().startswith(b"-----"):
        return FixedKeys([_pem(data)])
    document = json.loads(data)
    return FixedKeys(usable(document if "keys" in document else {"keys": [document]}))


class FetchedKeys:
    """Keys published at a JWKS URL (RFC 7517 § 5)."""

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], float],
        fetch: Callable[[str], dict[str, Any]] | None = None,
    ) -> None:
        self._url = url
        self._now = now
        self._fetch = fetch or fetch_json
        self._keys: list[RSAKey | ECKey] = []
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> list[RSAKey | ECKey]:
        """Raises Unavailable where keys were never seen and can't be fetched."""
        found = _named(self._keys, kid)
        stale = self._now() - self._fetched_at > MAX_AGE_SECONDS
        if found and not stale:
            return found
        async with self._lock:
            if self._now() - self._tried_at >= MIN_REFRESH_SECONDS:
                await self._refresh()
        if not self._keys:
            raise Unavailable(what="token_issuer")
        return _named(self._keys, kid)

    async def _refresh(self) -> None:
        self._tried_at = self._now()
        try:
            document = await asyncio.to_thread(self._fetch, self._url)
            self._keys = usable(document)
        except (OSError, ValueError) as error:
            _log.warning("jwks not fetched", url=self._url, problem=type(error).__name__)
        else:
            self._fetched_at = self._now()


def fetch_json(url: str) -> dict[str, Any]:
    """Read a JSON document of at most 1 MiB. Raises OSError, ValueError."""
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not an http(s) address: {url}")
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - the scheme was checked
        document = json.loads(answer.read(_MAX_BYTES))
    if not isinstance(document, dict):
        raise ValueError("a JWKS is an object")
    return document


def usable(document: dict[str, Any]) -> list[RSAKey | ECKey]:
    """The RSA (≥ 2048 bit) and P-256 signing keys of a JWKS; others are left out. Raises ValueError where none is."""
    keys = [key for each in document.get("keys", []) if (key := _usable(each)) is not None]
    if not keys:
        raise ValueError("no RS256 or ES256 key in the JWKS")
    return keys


def _usable(jwk: dict[str, Any]) -> RSAKey | ECKey | None:
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") not in {"RSA", "EC"}:
        return None
    try:
        key = import_key(jwk)
    except (JoseError, ValueError):
        return None
    if isinstance(key, RSAKey):
        return key if key.raw_value.key_size >= 2048 else None  # noqa: PLR2004 - RFC 7518 § 3.3
    return key if isinstance(key, ECKey) and key.curve_name == "P-256" else None


def _pem(data: bytes) -> RSAKey | ECKey:
    for kind in (RSAKey, ECKey):
        try:
            return kind.import_key(data)
        except (JoseError, ValueError):
            continue
    raise ValueError("not an RSA or EC public key")


def _named(keys: list[RSAKey | ECKey], kid: str | None) -> list[RSAKey | ECKey]:
    if kid is None:
        return keys
    return [key for key in keys if key.kid == kid or key.kid is None]
