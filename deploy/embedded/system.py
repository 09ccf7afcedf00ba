"""The whole system on one folder: Postgres, a database a service, secrets, and the four services wired together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from secrets import token_bytes
from typing import Any, ClassVar

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.embedded.databases import ServiceDatabase, ensure_service_database
from deploy.embedded.errors import EmbeddedError
from deploy.embedded.master_key import require_master_key
from deploy.embedded.postgres import EmbeddedPostgres
from shared.adapters.blobs import FolderBlobs
from shared.adapters.disk import Room
from shared.adapters.postgres.migrate import migrate
from shared.adapters.private_file import kept
from shared.adapters.runtime import Resources, Runtime, Secrets, Views, Wired, migrations_of
from shared.adapters.settings import Settings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import Clock, system_clock
from shared.kernel.ports import EventLog

KEY_BYTES = 32
MASTER_KEY = "master.key"
HEADS_KEY = "heads.key"


@dataclass(eq=False, kw_only=True)
class HeadsKeyMissing(EmbeddedError):
    """A new one would be made, and every head signed before would look forged."""

    exit_code: ClassVar[int] = 33
    zh: ClassVar[str] = "找不到签名密钥 {file}，而 {heads} 中有用它签名的链头：请从备份恢复该文件"
    en: ClassVar[str] = "There is no signing key {file}, but {heads} holds heads signed with it: restore it"
    file: Path
    heads: Path


@dataclass(frozen=True, slots=True)
class System:
    """The running database and the services on it, not yet serving."""

    postgres: EmbeddedPostgres
    runtimes: Mapping[str, Runtime]


def secrets_of(folder: Path) -> Secrets:
    """The master key and the key that signs heads: made at first start, readable by the owner only.

    Raises HeadsKeyMissing, SecretBroken, ReadableByOthers, OSError.
    """
    keys, heads = folder / "keys", folder / "heads"
    if not (keys / HEADS_KEY).exists() and any(file.stat().st_size for file in heads.glob("*.ndjson")):
        raise HeadsKeyMissing(file=keys / HEADS_KEY, heads=heads)
    return Secrets(
        master=kept(keys / MASTER_KEY, lambda: token_bytes(KEY_BYTES), KEY_BYTES),
        heads=Ed25519PrivateKey.from_private_bytes(kept(keys / HEADS_KEY, lambda: token_bytes(KEY_BYTES), KEY_BYTES)),
    )


@asynccontextmanager
async def embedded(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[System]:
    """Start Postgres on the data folder, bring every schema up to date, wire the services. Raises EmbeddedError."""
    folder = settings.data_dir.absolute()
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        databases = {service: await ensure_service_database(postgres, service) for service in SERVICES}
        for service, database in databases.items():
            await migrated(service, database)
        await require_master_key(folder / "keys" / MASTER_KEY, databases.values())
        dsns = {service: dict(database.runtime) for service, database in databases.items()}
        yield System(postgres, wired(settings, secrets_of(folder), dsns, clock))


def wired(
    settings: Settings,
    secrets: Secrets,
    dsns: Mapping[str, Mapping[str, Any]],
    clock: Clock,
    elsewhere: Mapping[str, EventLog] | None = None,
) -> Mapping[str, Runtime]:
    """The services in one process; each hears the others' logs directly. `elsewhere`: logs of services not here."""
    blobs = FolderBlobs(settings.data_dir.absolute() / "blobs", Room(settings.data_dir))
    resources = {service: Resources(service, dsn, secrets, blobs, settings, clock) for service, dsn in dsns.items()}
    logs = {**(elsewhere or {}), **{service: each.log for service, each in resources.items()}}
    return {service: Runtime(each, wire_of(service), logs) for service, each in resources.items()}


def wire_of(service: str) -> Callable[[Resources, Views], Wired]:
    """The service's main, by name: what is not run is not loaded."""
    found: Callable[[Resources, Views], Wired] = import_module(f"services.{service}.main").wire
    return found


def unconnected(settings: Settings, clock: Clock = system_clock) -> Mapping[str, Runtime]:
    """The services without a database, for what is only asked of their routes: the OpenAPI document, policies."""
    nowhere = {"host": "/nonexistent", "user": "nobody", "database": "none"}
    secrets = Secrets(bytes(KEY_BYTES), Ed25519PrivateKey.from_private_bytes(bytes(KEY_BYTES)))
    return wired(settings, secrets, dict.fromkeys(SERVICES, nowhere), clock)


async def migrated(service: str, database: ServiceDatabase) -> None:
    owner = await asyncpg.connect(**database.owner)
    try:
        await migrate(owner, database.runtime["user"], migrations_of(service))
    finally:
        await owner.close()
