"""Who may speak to a local Kafka, and how: what a company's Kafka asks of its clients, to be tested here.

Only the clients' listener is secured. Brokers and their launcher speak in the clear on loopback ports of their own.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LISTENER = "CLIENT"
ANONYMOUS = "User:ANONYMOUS"
"""Whom the internal listener takes everybody for: the brokers themselves and their launcher."""
ITERATIONS = 4096
_HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
_JWKS = "jwks.json"
_JWKS_URL = f"file:///proc/self/cwd/{_JWKS}"
"""In the node's folder, whatever its path: Kafka 4.3 opens no relative URL, nor an escaped blank or Chinese in one."""
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)
_COMMON = "org.apache.kafka.common.security"
_MODULES = {
    "PLAIN": f"{_COMMON}.plain.PlainLoginModule",
    "SCRAM-SHA-256": f"{_COMMON}.scram.ScramLoginModule",
    "SCRAM-SHA-512": f"{_COMMON}.scram.ScramLoginModule",
    "OAUTHBEARER": f"{_COMMON}.oauthbearer.OAuthBearerLoginModule",
}

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


@dataclass(frozen=True, kw_only=True)
class Tls:
    """PEM files. `keystore`: an unencrypted PKCS#8 key, then its certificate, for IP 127.0.0.1; `truststore`: CAs.

    A client that shows a certificate is the user named by its CN (`User:suyuan-intake`), unless SASL names another.
    """

    keystore: Path
    truststore: Path | None = None
    client_certificate: Literal["none", "requested", "required"] = "none"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """OAUTHBEARER checked offline against the keys of a JWKS file; `sub` is the user."""

    jwks: Path
    audience: str
    issuer: str


@dataclass(frozen=True, kw_only=True)
class Security:
    """Of the clients' listener. Without anything: PLAINTEXT.

    `users`: names and passwords for PLAIN and SCRAM. PLAIN's are read at each start; SCRAM's are written into a new
    folder when it is formatted and are its own from then on. `tokens`: without it OAUTHBEARER takes unsigned tokens.
    `super_users`: None lets everybody do everything; a tuple of principals ("User:admin") turns the authorizer on,
    which denies whatever no ACL allows; ACLs are made over `LocalKafka.internal_bootstrap`. Raises ValueError.
    """

    tls: Tls | None = None
    mechanisms: tuple[Mechanism, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    tokens: Tokens | None = None
    super_users: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        odd = [name for name in self.users if not _PLAIN_NAME.fullmatch(name)]
        if odd:
            raise ValueError(f"a user's name has letters, figures, . - and _ only: {odd}")

    @property
    def protocol(self) -> Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]:
        if self.mechanisms:
            return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"
        return "SSL" if self.tls else "PLAINTEXT"

    def properties(self) -> dict[str, str]:
        """What `server.properties` says of the clients' listener and of rights."""
        return {**self._tls(), **dict(self._sasl()), **self._rights()}

    def credentials(self) -> list[str]:
        """The arguments of `StorageTool format` that make the SCRAM users: salted, so any password will do."""
        scram = [mechanism for mechanism in self.mechanisms if mechanism in _HASHES]
        return [word for m in scram for name, password in self.users.items() for word in _credential(m, name, password)]

    def java_options(self) -> list[str]:
        """A broker fetches keys only from where its command line allows."""
        if self.tokens is None:
            return []
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={_JWKS_URL}"]

    def links(self) -> dict[str, Path]:
        """What must be found under a name in the node's folder."""
        return {} if self.tokens is None else {_JWKS: self.tokens.jwks.absolute()}

    def _tls(self) -> dict[str, str]:
        if self.tls is None:
            return {}
        own = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.tls.keystore.absolute()),
            "ssl.client.auth": self.tls.client_certificate,
            "ssl.principal.mapping.rules": "RULE:^.*?CN=([^,]+).*$/$1/,DEFAULT",
        }
        if self.tls.truststore is not None:
            own |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(self.tls.truststore.absolute())}
        return {_own(name): value for name, value in own.items()}

    def _sasl(self) -> Iterator[tuple[str, str]]:
        if not self.mechanisms:
            return
        yield _own("sasl.enabled.mechanisms"), ",".join(self.mechanisms)
        for mechanism in self.mechanisms:
            known = self.users if mechanism == "PLAIN" else {}
            words = "".join(f" user_{name}={_quoted(password)}" for name, password in known.items())
            yield _own(f"{mechanism.lower()}.sasl.jaas.config"), f"{_MODULES[mechanism]} required{words};"
        if self.tokens is not None:
            bearer = "oauthbearer.sasl.oauthbearer"
            handler = f"{_COMMON}.oauthbearer.OAuthBearerValidatorCallbackHandler"
            yield _own("oauthbearer.sasl.server.callback.handler.class"), handler
            yield _own(f"{bearer}.jwks.endpoint.url"), _JWKS_URL
            yield _own(f"{bearer}.expected.audience"), self.tokens.audience
            yield _own(f"{bearer}.expected.issuer"), self.tokens.issuer

    def _rights(self) -> dict[str, str]:
        if self.super_users is None:
            return {}
        return {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": ";".join((ANONYMOUS, *self.super_users)),
        }


def _own(name: str) -> str:
    return f"listener.name.{LISTENER.lower()}.{name}"


def _quoted(text: str) -> str:
    """For a JAAS configuration, which reads as Java does."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _credential(mechanism: str, name: str, password: str) -> tuple[str, str]:
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac(_HASHES[mechanism], password.encode(), salt, ITERATIONS)
    said = f'salt="{base64.b64encode(salt).decode()}",saltedpassword="{base64.b64encode(salted).decode()}"'
    return "--add-scram", f"{mechanism}=[name={name},iterations={ITERATIONS},{said}]"
