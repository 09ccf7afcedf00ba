"""The env file of the compose file: every password and key, random, made once."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from secrets import token_bytes, token_urlsafe

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from deploy.embedded.system import KEY_BYTES
from shared.adapters.private_file import given
from shared.contracts.catalogue import SERVICES

ISSUER_KEY = "SUYUAN_ISSUER_KEY"
_LINE = re.compile(r"([A-Z_]+)=(\S*)")
_HEAD = """\
# 由 make compose-env 生成：丢失 SUYUAN_MASTER_KEY 即永远无法读取个人数据。请备份，勿提交，勿发送。
# Made by make compose-env. Without SUYUAN_MASTER_KEY no personal value can ever be read again: back it up, apart from
# the database; never commit or send it. The databases take their passwords when they are made, and no others later.
"""


class EnvFileExists(FileExistsError):
    """It holds keys that nothing could replace: it is never written over."""


def written(path: Path, keys: Mapping[str, bytes] | None = None) -> None:
    """Make the env file, readable by its owner only; `keys` are those of data that are there. Raises EnvFileExists."""
    values = made() | {name: _base64(key) for name, key in (keys or {}).items()}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise EnvFileExists(path) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_HEAD + "".join(f"{name}={value}\n" for name, value in values.items()))


def made() -> dict[str, str]:
    """Fresh values. Binary ones in base64, so that no shell or parser has anything to interpret."""
    issuer = ECKey.generate_key("P-256", private=True, auto_kid=True)
    passwords = {
        name: token_urlsafe(24)
        for service in SERVICES
        for name in (f"{service.upper()}_PASSWORD", f"{service.upper()}_OWNER_PASSWORD")
    }
    return {
        "POSTGRES_PASSWORD": token_urlsafe(24),
        **passwords,
        "KAFKA_CLUSTER_ID": _cluster_id(),
        "SUYUAN_EDGE_SECRET": _base64(token_bytes(KEY_BYTES)),
        "SUYUAN_MASTER_KEY": _base64(token_bytes(KEY_BYTES)),
        "SUYUAN_HEADS_KEY": _base64(token_bytes(KEY_BYTES)),
        ISSUER_KEY: _base64(json.dumps(issuer.as_dict(private=True)).encode()),
        "SUYUAN_JWKS": _base64(json.dumps({"keys": [issuer.as_dict(private=False)]}).encode()),
    }


def read(path: Path) -> dict[str, str]:
    """The file's variables. Raises ReadableByOthers, OSError."""
    lines = given(path).decode().splitlines()
    return {match[1]: match[2] for line in lines if (match := _LINE.fullmatch(line.strip()))}


def issuer_key(path: Path) -> ECKey:
    """The key that signs tokens. Raises ReadableByOthers, OSError, ValueError."""
    try:
        return ECKey.import_key(json.loads(base64.b64decode(read(path)[ISSUER_KEY], validate=True)))
    except (KeyError, ValueError, JoseError):
        raise ValueError(f"{path} 中没有可用的 {ISSUER_KEY} · has no usable {ISSUER_KEY}") from None


def _cluster_id() -> str:
    """A UUID as Kafka writes them; with no dash before it, which its own tools would take for an option."""
    high = token_bytes(1)[0] & 0x7F
    return base64.urlsafe_b64encode(bytes([high]) + token_bytes(15)).decode().rstrip("=")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
