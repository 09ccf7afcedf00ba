"""The topics: their names, how each is made, and what makes one unfit to hold a history.

A topic that forgets, that was made with other partitions than our tenants were placed by, or that says "kept" when one
machine has it, would lose events without anybody noticing. So it is asserted before anything is published.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.settings import KafkaSettings
from shared.kernel.errors import LogError

RECORD_BYTES = 1 << 20
"""An event has 256 KiB at most, its meta and headers stay far below the rest."""
MADE_SECONDS = 10.0
POLL_SECONDS = 0.05
FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}


@dataclass(eq=False, kw_only=True)
class TopicUnfit(LogError):
    """The topic would lose events, or keeps them where they can be lost. `wanted` is the setting that mends it."""

    exit_code: ClassVar[int] = 38

    zh: ClassVar[str] = "主题 {topic} 会丢失事件：{setting} 是 {found}，必须是 {wanted}"
    en: ClassVar[str] = "Topic {topic} would lose events: {setting} is {found}, it must be {wanted}"
    topic: str
    setting: str
    found: str
    wanted: str


@dataclass(eq=False, kw_only=True)
class TopicMissing(LogError):
    exit_code: ClassVar[int] = 39
    zh: ClassVar[str] = "没有主题 {topic}，本账户也不能建立它（{problem}）：请先建立"
    en: ClassVar[str] = "There is no topic {topic}, and we may not make it ({problem}): make it first"
    topic: str
    problem: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a topic keeps its records: the settings it is made with, and those that it must have, whoever made it."""

    made: Mapping[str, str]
    must: Mapping[str, str]
    largest: int = 2 * RECORD_BYTES


HISTORY = Keeping(FOR_EVER, FOR_EVER)


@dataclass(frozen=True, slots=True)
class TopicNames:
    """What each topic is called under this prefix."""

    prefix: str = "suyuan"

    def events(self, service: str) -> str:
        """The published history of one service."""
        return f"{self.prefix}.{service}.v1"

    def export(self, tenant: str) -> str:
        """What a tenant's own systems may read."""
        return f"{self.prefix}.export.{tenant}.v1"

    @property
    def heads(self) -> str:
        return f"{self.prefix}.heads.v1"

    @property
    def inbound_complaints(self) -> str:
        return f"{self.prefix}.inbound.complaints.v1"

    @property
    def inbound_epcis(self) -> str:
        return f"{self.prefix}.inbound.epcis.v1"

    @property
    def rejected(self) -> str:
        return f"{self.prefix}.inbound.rejected.v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """As it stands on the brokers."""

    name: str
    partitions: int
    replicas: int


_RECORDED = "select partitions from log.topic where name = $1"
_RECORD = "insert into log.topic (name, partitions) values ($1, $2) on conflict do nothing"


async def asserted(pool: asyncpg.Pool, settings: KafkaSettings, name: str) -> Topic:
    """A service's own topic, made where there is none; with the number of partitions that tenants are placed by.

    Raises TopicUnfit, TopicMissing, KafkaError.
    """
    recorded = await pool.fetchval(_RECORDED, name)
    async with administration(settings) as admin:
        found = await ensure(admin, settings, name, recorded)
    if recorded is None:
        await pool.execute(_RECORD, name, found.partitions)
        recorded = await pool.fetchval(_RECORDED, name)
    return replace(found, partitions=recorded)


@asynccontextmanager
async def administration(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def ensure(
    admin: AIOKafkaAdminClient,
    settings: KafkaSettings,
    name: str,
    recorded: int | None = None,
    keeping: Keeping = HISTORY,
) -> Topic:
    """The topic, made where there is none, fit to keep what it is for: a history for ever, unless told otherwise.

    `recorded`: by how many partitions our tenants were placed before. Raises TopicUnfit, TopicMissing, KafkaError.
    """
    found = await existing(admin, name)
    if found is None:
        if recorded is not None:  # made anew it would be empty: somebody removed what was published
            raise TopicMissing(topic=name, problem="it was there before")
        found = await _made(admin, settings, name, keeping)
    if recorded is not None and found.partitions < recorded:
        raise unfit(found, "partitions", str(found.partitions), f">= {recorded}")
    await _assert_kept(admin, settings, found, keeping)
    return found


async def existing(admin: AIOKafkaAdminClient, name: str) -> Topic | None:
    """None where there is no such topic. Raises KafkaError."""
    (told,) = await admin.describe_topics([name])
    error = for_code(told["error_code"])
    if error.__name__ == "UnknownTopicOrPartitionError":
        return None
    if told["error_code"]:
        raise error(name)
    partitions = told["partitions"]
    return Topic(name, len(partitions), min((len(one["replicas"]) for one in partitions), default=0))


async def _made(admin: AIOKafkaAdminClient, settings: KafkaSettings, name: str, keeping: Keeping) -> Topic:
    kept = {"max.message.bytes": str(keeping.largest), "min.insync.replicas": str(settings.min_insync)}
    configs = {**keeping.made, **kept}
    new = NewTopic(name, settings.partitions, settings.replicas, topic_configs=configs)
    answer = (await admin.create_topics([new])).to_object()
    ((told),) = answer.get("topic_errors") or answer["topics"]
    error = for_code(told["error_code"])
    if told["error_code"] and not issubclass(error, TopicAlreadyExistsError):  # another replica may have been first
        raise TopicMissing(topic=name, problem=told.get("error_message") or error.__name__)
    async with asyncio.timeout(MADE_SECONDS):
        while (found := await existing(admin, name)) is None or not found.replicas:  # noqa: ASYNC110 - they don't tell
            await asyncio.sleep(POLL_SECONDS)  # the brokers learn of it one after the other
    return found


async def _assert_kept(admin: AIOKafkaAdminClient, settings: KafkaSettings, topic: Topic, keeping: Keeping) -> None:
    told = await configuration(admin, topic.name)
    for setting, wanted in keeping.must.items():
        if told[setting] != wanted:
            raise unfit(topic, setting, told[setting], wanted)
    if int(told["max.message.bytes"]) < RECORD_BYTES:
        raise unfit(topic, "max.message.bytes", told["max.message.bytes"], f">= {RECORD_BYTES}")
    if topic.replicas < settings.replicas:
        raise unfit(topic, "replicas", str(topic.replicas), f">= {settings.replicas}")
    if int(told["min.insync.replicas"]) < settings.min_insync:
        raise unfit(topic, "min.insync.replicas", told["min.insync.replicas"], f">= {settings.min_insync}")
    if settings.replicas > 1 and told["unclean.leader.election.enable"] != "false":
        raise unfit(topic, "unclean.leader.election.enable", "true", "false")


async def configuration(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    """A topic's settings by name. Raises KafkaError."""
    answers: Sequence[Any] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    (told,) = answers[0].to_object()["resources"]
    if told["error_code"]:
        raise for_code(told["error_code"])(told["error_message"])
    return {entry["config_names"]: entry["config_value"] for entry in told["config_entries"]}


def unfit(topic: Topic, setting: str, found: str, wanted: str) -> TopicUnfit:
    return TopicUnfit(topic=topic.name, setting=setting, found=found, wanted=wanted)
