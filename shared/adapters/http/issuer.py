"""The local token issuer of embedded mode, so that a newcomer needs no identity provider. ES256, one key, kept 0600."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.adapters.http.keys import FixedKeys
from shared.adapters.http.party import parties_for
from shared.adapters.http.policy import ROLES
from shared.adapters.private_file import SecretBroken, kept
from shared.adapters.settings import Settings
from shared.kernel.clock import Clock

KEY_FILE = "issuer.key.json"
DEFAULT_TENANT = "demo"
DEFAULT_SECONDS = 12 * 3600
_MAX_SECONDS = 30 * 24 * 3600
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,200}")


class OnlyEmbedded(RuntimeError):
    """The local issuer was asked for outside embedded mode."""


class LocalIssuer:
    """Signs tokens for anybody who asks on this machine. Raises OnlyEmbedded, ReadableByOthers when made.

    Its key is the data folder's, unless one is given.
    """

    def __init__(self, settings: Settings, clock: Clock, key: ECKey | None = None) -> None:
        if settings.mode != "embedded":
            raise OnlyEmbedded("the local issuer is for embedded mode only: use your identity provider's tokens")
        self._settings = settings
        self._clock = clock
        self._key = _key(settings.data_dir / KEY_FILE) if key is None else key

    def keys(self) -> FixedKeys:
        return FixedKeys([self._key])

    def public_key(self) -> dict[str, Any]:
        """As a JWK (RFC 7517), for services in other processes."""
        return dict(self._key.as_dict(private=False))

    def token(
        self,
        roles: Sequence[str],
        *,
        tenant: str = DEFAULT_TENANT,
        subject: str | None = None,
        seconds: int = 0,
        parties: Sequence[str] = (),
    ) -> str:
        """A token for these roles, who speak for `parties` (`kind:code`). Raises ValueError, NotAParty.

        `subject` is by default named after the first role.
        """
        unknown = set(roles) - set(ROLES)
        if unknown or not roles:
            raise ValueError(f"roles are some of {', '.join(ROLES)}")
        who = subject or f"dev-{roles[0].replace('_', '-')}"
        if not _TENANT.fullmatch(tenant) or not _SUBJECT.fullmatch(who):
            raise ValueError("a tenant has letters, digits and . _ -, a subject visible ASCII characters")
        now = int(self._clock().timestamp())
        claims = {
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
            "sub": who,
            "tenant": tenant,
            "roles": list(roles),
            "parties": sorted(map(str, parties_for(roles, parties))),
            "iat": now,
            "nbf": now,
            "exp": now + min(seconds or DEFAULT_SECONDS, _MAX_SECONDS),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=["ES256"])


def _key(path: Path) -> ECKey:
    def make() -> bytes:
        key = ECKey.generate_key("P-256", private=True, auto_kid=True)
        return json.dumps(key.as_dict(private=True)).encode()

    try:
        return ECKey.import_key(json.loads(kept(path, make)))
    except (ValueError, JoseError) as problem:
        raise SecretBroken(file=path.name) from problem
