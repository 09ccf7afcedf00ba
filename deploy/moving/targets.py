"""Where the data go: each service of the target by the very variables that it is served with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from deploy.distributed.settings import ServiceSettings
from deploy.docker.entry import unpacked
from deploy.docker.secrets import read
from deploy.embedded.system import HEADS_KEY, KEY_BYTES, MASTER_KEY
from deploy.moving.errors import KeyOther, NothingToMove, TargetUnclear
from shared.adapters.http.app import SECRET_BYTES, SECRET_FILE, secret_of
from shared.adapters.private_file import given
from shared.adapters.runtime import Secrets
from shared.contracts.catalogue import SERVICES

PREFIX = "SUYUAN_"


@dataclass(frozen=True, slots=True)
class Keys:
    """What data can't be used without: `edge` keys the fingerprints of requests that are known already."""

    master: bytes
    heads: bytes
    edge: bytes

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.master, Ed25519PrivateKey.from_private_bytes(self.heads))


@dataclass(frozen=True, slots=True)
class Target:
    """One service of the target. `owner` and `runtime` are URLs of its database."""

    service: str
    owner: str
    runtime: str
    blobs: Path
    heads: Path
    settings: ServiceSettings
    keys: Keys

    @property
    def where(self) -> str:
        """Host and database, without role and password."""
        parts = urlsplit(self.runtime)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def keys_of(folder: Path) -> Keys:
    """Those of a data folder; none is made. Raises NothingToMove, SecretBroken, ReadableByOthers."""
    files = folder / "keys" / MASTER_KEY, folder / "keys" / HEADS_KEY, folder / SECRET_FILE
    for file in files:
        if not file.exists():
            raise NothingToMove(folder=folder, missing=file)
    sizes = KEY_BYTES, KEY_BYTES, SECRET_BYTES
    return Keys(*(given(file, size) for file, size in zip(files, sizes, strict=True)))


def require_same_keys(folder: Path, keys: Keys, target: Target) -> None:
    """Raises KeyOther."""
    for name, file, setting in (
        ("master", folder / "keys" / MASTER_KEY, "SUYUAN_MASTER_KEY"),
        ("heads", folder / "keys" / HEADS_KEY, "SUYUAN_HEADS_KEY"),
        ("edge", folder / SECRET_FILE, "SUYUAN_EDGE_SECRET"),
    ):
        if getattr(keys, name) != getattr(target.keys, name):
            raise KeyOther(service=target.service, setting=setting, file=file, folder=folder)


def require_apart(targets: Iterable[Target]) -> None:
    """A database a service. Raises TargetUnclear."""
    taken: dict[str, str] = {}
    for target in targets:
        other = taken.setdefault(target.where, target.service)
        if other != target.service:
            raise TargetUnclear(service=target.service, source=target.where, problem=f"SUYUAN_DATABASE_URL = {other}")


def of_compose(env_file: Path, postgres: str) -> Mapping[str, Mapping[str, str]]:
    """Each service's variables as docker-compose.yml makes them of its .env file.

    `postgres` is where that Postgres is reached from here, host:port. Raises TargetUnclear, ReadableByOthers.
    """
    told = _read("docker compose", env_file)

    def url(service: str, role: str, password: str) -> str:
        return f"postgresql://{role}:{told.get(password, '')}@{postgres}/suyuan_{service}"

    return {
        service: {
            **told,
            "SUYUAN_BLOBS_DIR": "/data/blobs",
            "SUYUAN_HEADS_DIR": "/data/heads",
            "SUYUAN_DATABASE_URL": url(service, f"suyuan_{service}", f"{service.upper()}_PASSWORD"),
            "SUYUAN_MIGRATION_URL": url(service, f"suyuan_{service}_owner", f"{service.upper()}_OWNER_PASSWORD"),
        }
        for service in SERVICES
    }


def of_files(files: Mapping[str, Path]) -> Mapping[str, Mapping[str, str]]:
    """Each service's variables from its env file, over our environment's. Raises TargetUnclear, ReadableByOthers."""
    return {service: {**os.environ, **_read(service, file)} for service, file in files.items()}


def _read(service: str, file: Path) -> Mapping[str, str]:
    try:
        return read(file)
    except OSError as problem:
        raise TargetUnclear(service=service, source=str(file), problem=problem.strerror or "") from None


def target_of(service: str, told: Mapping[str, str], file: Path, scratch: Path, folders: Mapping[str, Path]) -> Target:
    """A service's target by its variables, which stand in `file`. `folders`: as they are reached from here, by setting.

    Raises TargetUnclear, SecretBroken, ReadableByOthers.
    """

    def unclear(problem: str) -> TargetUnclear:
        return TargetUnclear(service=service, source=str(file), problem=problem)

    settings = _settings(told, scratch / service, folders, unclear)
    try:
        keys = _keys(settings)
    except OSError as problem:
        raise unclear(f"{problem.filename}: {problem.strerror}") from None
    if settings.migration_url is None:
        raise unclear("SUYUAN_MIGRATION_URL")
    if settings.heads_dir is None:
        raise unclear("SUYUAN_HEADS_DIR")
    return Target(
        service=service,
        owner=settings.migration_url.get_secret_value(),
        runtime=settings.database_url.get_secret_value(),
        blobs=settings.blobs_dir,
        heads=settings.heads_dir / f"{service}.ndjson",
        settings=settings,
        keys=keys,
    )


def _keys(settings: ServiceSettings) -> Keys:
    master, heads = (given(file, KEY_BYTES) for file in (settings.master_key_file, settings.heads_key_file))
    return Keys(master, heads, secret_of(settings))


def _settings(
    told: Mapping[str, str], scratch: Path, folders: Mapping[str, Path], unclear: Callable[[str], TargetUnclear]
) -> ServiceSettings:
    """What is in base64 becomes files, as in the image."""
    environment = dict(told)
    try:
        unpacked(environment, scratch)
        fields = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and value
        }
        return ServiceSettings(**{**fields, **folders, "mode": "distributed"})  # type: ignore[arg-type]  # as text
    except ValidationError as wrong:
        raise unclear("; ".join(_said(error["loc"], error["msg"]) for error in wrong.errors())) from None
    except ValueError as problem:
        raise unclear(str(problem)) from None


def _said(place: tuple[int | str, ...], problem: str) -> str:
    """Without the value, which may be a secret."""
    return f"{PREFIX}{'.'.join(map(str, place)).upper()}: {problem}" if place else problem
