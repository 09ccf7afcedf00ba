"""Another system that sends us messages, and the service that takes them, on real Kafka and Postgres."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import RecordMetadata

from deploy.kafka.local import LocalKafka
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.inbound import Inbound, group_of
from shared.adapters.kafka.inbound_settings import InboundSource
from shared.adapters.kafka.rejected import RejectedTopic
from shared.adapters.kafka.rejection import Rejected
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames
from shared.adapters.messages import MessageRule
from shared.adapters.runtime import Runtime
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id
from tests.integration.app import RunningApp
from tests.pages import ROOT
from tests.published import PATIENCE, ended, eventually, settings_of

COMPLAINT = "suyuan.complaint.v1"
SECRET = bytes(range(32))
LIMIT = 100_000
FORM: dict[str, Any] = {
    "channel": "email",
    "customer": {"name": "华东医药", "phone": "+86 138 0000 0000"},
    "description": "包装破损",
    "items": [{"product": "API-20", "quantity_affected": "3"}],
}

REPLICA = """
import asyncio, json, sys
from pathlib import Path
from deploy.embedded.system import secrets_of, wired
from deploy.settings import embedded_settings
from shared.adapters.failpoints import arm
from shared.adapters.kafka.inbound_settings import InboundSource
from shared.adapters.kafka.settings import KafkaSettings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock
from shared.kernel.memory import MemoryStore
from tests.inbound import inbound_of

async def take():
    told = json.loads(sys.argv[1])
    folder, dsn = Path(told["folder"]), told["dsn"]
    elsewhere = {name: MemoryStore(name, system_clock) for name in SERVICES if name != "intake"}
    runtime = wired(embedded_settings(folder), secrets_of(folder), {"intake": dsn}, system_clock, elsewhere)["intake"]
    source = InboundSource.model_validate_json(told["source"])
    arm(told["failpoint"])
    kafka = KafkaSettings.model_validate_json(told["kafka"])
    runtime.accompany(inbound_of(runtime.wired.messages, source, kafka))
    async with runtime.lifespan():
        await asyncio.Event().wait()

asyncio.run(take())
"""
"""Another process of intake: wired as embedded, taking the topic. Dies at the failpoint, if one is told."""


def attributes(**more: str) -> dict[str, str]:
    """Those of a message that is in order; None leaves one out."""
    said = {"specversion": "1.0", "id": str(new_id()), "source": "/crm", "type": COMPLAINT, **more}
    return {name: text for name, text in said.items() if text is not None}


def binary(data: bytes, **more: str) -> tuple[list[tuple[str, bytes]], bytes]:
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes(**more).items()]
    return [*headers, ("content-type", b"application/json")], data


def structured(data: Any, **more: str) -> tuple[list[tuple[str, bytes]], bytes]:
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    return headers, msgspec.json.encode({**attributes(**more), "data": data})


def form(**more: Any) -> bytes:
    return msgspec.json.encode({**FORM, **more})


def inbound_of(rules: Sequence[MessageRule], source: InboundSource, settings: KafkaSettings) -> Inbound:
    return Inbound("intake", rules, [source], settings, secret=SECRET, limit=LIMIT, clock=system_clock)


@dataclass
class Receiving:
    """`inbound` takes the topic of complaints for a tenant of its own as `crm`, once it is started."""

    app: RunningApp
    settings: KafkaSettings
    source: InboundSource
    producer: AIOKafkaProducer
    running: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def runtime(self) -> Runtime:
        return self.app.runtimes["intake"]

    @property
    def rule(self) -> MessageRule:
        (one,) = self.runtime.wired.messages
        return one

    def inbound(self, rule: MessageRule | None = None, **source: Any) -> Inbound:
        return inbound_of([rule or self.rule], self.source.model_copy(update=source), self.settings)

    def start(self, inbound: Inbound | None = None) -> asyncio.Task[None]:
        task = asyncio.create_task((inbound or self.inbound()).run())
        self.running.append(task)
        return task

    async def replica(self, failpoint: str | None = None) -> Process:
        """One that takes the topic too, in a process to be killed. It is not waited for."""
        told = {
            "folder": str(self.app.folder),
            "dsn": dict(self.app.databases["intake"].runtime),
            "source": self.source.model_dump_json(),
            "kafka": self.settings.model_dump_json(exclude_none=True),
            "failpoint": failpoint,
        }
        return await asyncio.create_subprocess_exec(sys.executable, "-c", REPLICA, json.dumps(told), cwd=ROOT)

    async def send(self, headers: Sequence[tuple[str, bytes]], value: bytes | None, **more: Any) -> RecordMetadata:
        return await self.producer.send_and_wait(self.source.topic, value, headers=headers, partition=0, **more)

    def desk(self, by: str = "wang") -> RejectedTopic:
        return RejectedTopic(self.settings, by, system_clock)

    async def complaints(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """All that were registered, oldest first, by folding the log: nothing is waited for."""
        log = self.runtime.resources.log
        events = await log.read(tenant or self.source.tenant, 0, 10_000)
        return [
            one.data | {"actor": one.meta.actor.subject}
            for one in events
            if one.meta.type == "intake.ComplaintRegistered"
        ]

    async def registered(self, count: int) -> list[dict[str, Any]]:
        async def are_there() -> bool:
            return len(await self.complaints()) >= count

        await eventually(are_there)
        return await self.complaints()

    async def rejections(self, count: int = 1) -> list[Rejected]:
        async def are_there() -> bool:
            return len(await self.desk().open()) >= count

        await eventually(are_there)
        return list((await self.desk().open()).values())

    async def dealt_with(self, kept: RecordMetadata, seconds: float = PATIENCE) -> None:
        """Return once the group's offset is past that message."""
        place = TopicPartition(kept.topic, kept.partition)
        group = group_of(self.settings.topic_prefix, "intake")
        consumer = AIOKafkaConsumer(**client_arguments(self.settings), group_id=group, enable_auto_commit=False)
        consumer.assign([place])
        await consumer.start()

        async def is_past() -> bool:
            return (await consumer.committed(place) or 0) > kept.offset

        try:
            await eventually(is_past, seconds)
        finally:
            await consumer.stop()


@asynccontextmanager
async def receiving(
    app: RunningApp, kafka: LocalKafka, *, partitions: int = 2, **more: Any
) -> AsyncIterator[Receiving]:
    """Topics and a tenant of its own; nothing is taken until it is started."""
    settings = settings_of(kafka, partitions=partitions, **more)
    topic, tenant = TopicNames(settings.topic_prefix).inbound_complaints, f"t{new_id().hex[-12:]}"
    source = InboundSource(topic=topic, kind="complaints", tenant=tenant, subject="crm", roles=("service_agent",))
    producer = AIOKafkaProducer(**client_arguments(settings), max_request_size=4 << 20)
    one = Receiving(app, settings, source, producer)
    await one.inbound().prepare()
    await producer.start()
    try:
        yield one
    finally:
        await ended(one.running)
        await producer.stop()
