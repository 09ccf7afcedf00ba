"""One service wired for a process of its own: its database, its topic, and the others' topics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.distributed.settings import ServiceSettings
from deploy.embedded.master_key import require_unwraps
from deploy.embedded.system import KEY_BYTES, wire_of
from shared.adapters.blobs import FolderBlobs
from shared.adapters.heads import HeadBook, HeadFile
from shared.adapters.kafka.connection import BROKEN
from shared.adapters.kafka.export import Export
from shared.adapters.kafka.heads import HeadTopic, KeptTwice
from shared.adapters.kafka.history import Gate, HistoryForked, TopicAhead, TopicLost
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import PostgresPlaces
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.logging import get_logger
from shared.adapters.postgres.connection import connect
from shared.adapters.postgres.leading import leading
from shared.adapters.postgres.migrate import migrate
from shared.adapters.private_file import given
from shared.adapters.runtime import Resources, Runtime, Secrets, migrations_of
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock

RETRY_SECONDS = 0.5
_SEALED = "select wrapped from log.subject_key where wrapped is not null limit 1"

_log = get_logger("suyuan.service")


@asynccontextmanager
async def distributed(service: str, settings: ServiceSettings, kafka: KafkaSettings) -> AsyncIterator[Runtime]:
    """The service ready to serve: its schema up to date, its key the right one, its topic fit.

    It serves reads only while Kafka is away at the start, or where its history is not the published one. Raises
    NewerSchema, OlderSchema, ChangedMigration, MasterKeyMissing, MasterKeyOther, SecretBroken, ReadableByOthers,
    DurabilityOff, TopicUnfit, TopicMissing, asyncpg's errors.
    """
    secrets = Secrets(
        master=given(settings.master_key_file, KEY_BYTES),
        heads=Ed25519PrivateKey.from_private_bytes(given(settings.heads_key_file, KEY_BYTES)),
    )
    if settings.migration_url is not None:
        await _migrated(service, settings.migration_url.get_secret_value(), settings.database_url.get_secret_value())
    gate = Gate()
    dsn = {"dsn": settings.database_url.get_secret_value()}
    blobs = FolderBlobs(settings.blobs_dir)
    resources = Resources(service, dsn, secrets, blobs, settings, system_clock, gate)
    resources.heads = _heads(resources, settings, kafka)
    await connect(resources.pool)
    await _require_master_key(resources, settings.master_key_file)
    relay = Relay(resources.pool, resources.log, kafka, gate)
    await _prepared(relay, settings.kafka_seconds)
    places = PostgresPlaces(resources.derived)
    others = {other: KafkaLog(other, kafka, places) for other in SERVICES if other != service}
    signing = partial(leading, resources.pool, "signed heads")
    exports = [Export(resources.pool, resources.log, kafka)] if kafka.exports else []
    yield Runtime(resources, wire_of(service), others, [relay, *exports, *others.values()], signing)


def _heads(resources: Resources, settings: ServiceSettings, kafka: KafkaSettings) -> HeadBook:
    topic = HeadTopic(resources.service, resources.derived, kafka)
    if settings.heads_dir is None:
        return topic
    return KeptTwice(topic, HeadFile(settings.heads_dir / f"{resources.service}.ndjson"))


async def _migrated(service: str, owner_url: str, runtime_url: str) -> None:
    runtime = await asyncpg.connect(runtime_url)
    role = await runtime.fetchval("select current_user")
    await runtime.close()
    owner = await asyncpg.connect(owner_url)
    try:
        await migrate(owner, role, migrations_of(service))
    finally:
        await owner.close()


async def _require_master_key(resources: Resources, file: Path) -> None:
    """Raises MasterKeyOther."""
    wrapped = await resources.pool.fetchval(_SEALED)
    if wrapped is not None:
        require_unwraps(file, wrapped, await resources.pool.fetchval("select current_database()"))


async def _prepared(relay: Relay, seconds: float) -> None:
    """Once Kafka answers, or after so long without: the relay goes on trying. A topic that would lose events raises."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            await relay.prepare()
        except (TopicAhead, HistoryForked, TopicLost) as doubt:
            _log.error("nothing is written", topic=relay.topic, why=str(doubt))
            return
        except BROKEN as problem:
            if asyncio.get_running_loop().time() > deadline:
                _log.warning("Kafka does not answer, reads only until it does", why=repr(problem))
                return
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
