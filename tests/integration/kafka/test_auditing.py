"""What an auditor finds by the topics alone, without any database of ours."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.commands import from_topics
from deploy.embedded.child import Child
from shared.adapters.heads import HeadFile, HeadSigner, SignedHead
from shared.adapters.kafka import heads
from shared.adapters.kafka.audit import Walk, signed_heads, told
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.heads import HeadTopic, KeptTwice
from shared.adapters.kafka.records import headers, partition_of
from shared.adapters.kafka.topics import TopicNames
from shared.adapters.postgres.verify import Verdict
from shared.kernel.clock import system_clock
from shared.kernel.recorded import Recorded
from tests.contract.stores import request
from tests.integration.kafka.test_kafka_log import history
from tests.published import Published, on_topic, published
from tests.wire import DOCUMENT, channel_of, validate

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


@pytest_asyncio.fixture(loop_scope="session")
async def service(database, kafka) -> AsyncIterator[Published]:
    """Two tenants' logs on their topic, their heads signed there."""
    async with published(await database(), kafka) as one:
        for n in range(6):
            await one.store.append(request(f"c-{n}", tenant="t-1", count=2))
        await one.store.append(request("c-1", tenant="t-2", count=3))
        await one.drained()
        yield one


def signer(service: Published, key: Ed25519PrivateKey = KEY) -> HeadSigner:
    return HeadSigner(key, service.log, HeadTopic("intake", service.pool, service.settings), system_clock)


async def judged(service: Published) -> dict[str, Verdict]:
    walks: dict[str, Walk] = {}
    heads = await signed_heads(service.settings, [KEY.public_key()])
    positions = [(e.meta.tenant, e.position) async for e in told(service.settings, "intake", walks, heads)]
    assert positions == sorted(set(positions), key=positions.index)
    return {tenant: walk.verdict() for tenant, walk in walks.items()}


async def write(service: Published, *events: Recorded) -> None:
    """As somebody who may write to the topic, and shouldn't."""
    producer = AIOKafkaProducer(**client_arguments(service.settings), acks="all")
    await producer.start()
    try:
        for event in events:
            tenant = event.meta.tenant
            await producer.send_and_wait(
                service.relay.topic,
                key=tenant.encode(),
                value=event.data_bytes,
                headers=headers(event),
                partition=partition_of(tenant, service.settings.partitions),
            )
    finally:
        await producer.stop()


async def test_an_untouched_history_is_whole_up_to_its_signed_heads(service):
    await signer(service).sign()
    found = await judged(service)
    assert {tenant: (v.whole, v.events, v.signed_position) for tenant, v in found.items()} == {
        "t-1": (True, 12, 12),
        "t-2": (True, 3, 3),
    }
    assert found["t-1"].head == (await service.log.read("t-1", 11, 1))[0].hash.hex()


async def test_a_head_on_the_topic_is_as_the_document_describes_it(service):
    await signer(service).sign()
    topic = TopicNames(service.settings.topic_prefix).heads
    records = [record async for record in on_topic(service.settings, topic)]
    assert sorted(record.key for record in records) == [b"t-1", b"t-2"]
    [message] = channel_of(topic, service.settings.topic_prefix)["messages"].values()
    described = DOCUMENT["components"]["messages"][message["$ref"].rpartition("/")[2]]
    for record in records:
        validate(described["payload"], json.loads(record.value))
        validate(described["bindings"]["kafka"]["key"], record.key.decode())
        assert record.headers == ()


def spoiled(event: Recorded, how: str) -> Recorded:
    parts = [event.position, event.recorded_at, event.hash, event.meta_bytes, event.data_bytes]
    if how == "data":
        parts[4] = event.data_bytes.replace(b'"score":4', b'"score":1')
    elif how == "meta":
        parts[3] = event.meta_bytes.replace(b'"u-1"', b'"u-9"')
    elif how == "time":
        parts[1] = event.recorded_at + timedelta(microseconds=1)
    else:
        parts[2] = bytes(32)
    return Recorded(*parts)


@pytest.mark.parametrize("how", ["data", "meta", "time", "hash"])
async def test_a_changed_record_is_named_by_its_position(service, how):
    events = history("t-3", 5)
    await write(service, *events[:2], spoiled(events[2], how), *events[3:])
    found = (await judged(service))["t-3"]
    assert (found.fault, found.bad_position, found.events) == ("hash_differs", 3, 2)


async def test_a_missing_and_a_second_event_are_named(service):
    events, others = history("t-3", 5), history("t-4", 5)
    await write(service, *events[:2], *events[3:], *others, history("t-4", 2)[1])
    found = await judged(service)
    assert (found["t-3"].fault, found["t-3"].bad_position) == ("position_missing", 3)
    assert (found["t-4"].fault, found["t-4"].bad_position) == ("position_forged", 2)
    assert found["t-1"].whole


async def test_repeats_are_no_fault(service):
    events = history("t-3", 5)
    await write(service, *events, *events[1:4], *events[4:])
    assert (await judged(service))["t-3"].whole


async def test_a_cut_tail_another_history_and_another_key_are_found_by_the_heads(service):
    topic = HeadTopic("intake", service.pool, service.settings)
    mine = history("t-3", 5)
    await write(service, *mine)
    cut = head_of("t-1", 99, bytes(32), KEY)
    rewritten = head_of("t-3", 4, bytes(32), KEY)  # signed before somebody wrote the whole chain anew
    await topic.keep([cut, rewritten, head_of("t-2", 2, bytes(32), OTHER), head_of("t-9", 1, bytes(32), KEY)])
    found = await judged(service)
    assert {tenant: (verdict.fault, verdict.bad_position) for tenant, verdict in found.items()} == {
        "t-1": ("tail_cut", 13),
        "t-2": ("signature_invalid", 2),
        "t-3": ("signed_head_differs", 4),
        "t-9": ("tail_cut", 1),
    }


def head_of(tenant: str, position: int, hash_: bytes, key: Ed25519PrivateKey) -> SignedHead:
    head = SignedHead(tenant=tenant, service="intake", position=position, hash=hash_.hex(), signed_at=system_clock())
    return msgspec.structs.replace(head, signature=b64encode(key.sign(head.message())).decode())


async def test_a_signer_that_begins_anew_signs_only_what_has_moved(service):
    assert [head.position for head in await signer(service).sign()] == [12, 3]
    assert await signer(service).sign() == []
    await service.store.append(request("c-9", tenant="t-2"))
    assert [(head.tenant, head.position) for head in await signer(service).sign()] == [("t-2", 4)]


async def test_heads_kept_twice_are_on_the_topic_and_in_the_file(service, tmp_path):
    file = HeadFile(tmp_path / "intake.ndjson")
    book = KeptTwice(HeadTopic("intake", service.pool, service.settings), file)
    await HeadSigner(KEY, service.log, book, system_clock).sign()
    kept = [line.head for line in await book.told("t-1")]
    assert [line.head for line in await file.told("t-1")] == kept
    assert [head.position for head in kept if head] == [12]
    assert await file.last() == await book.last() == {"t-1": 12, "t-2": 3}


async def test_heads_that_a_file_has_from_before_are_brought_to_the_topic_once(service, tmp_path, monkeypatch):
    """A folder that was served embedded, or moved here; begun again where it was interrupted, before the new heads."""
    monkeypatch.setattr(heads, "PIECE", 2)
    file = HeadFile(tmp_path / "intake.ndjson")
    before = [head_of("t-1", position, bytes([position] * 32), KEY) for position in (2, 5, 7)]
    file.append([*before, head_of("t-2", 3, bytes(32), KEY)])
    topic = HeadTopic("intake", service.pool, service.settings)
    await topic.keep(before[:1])
    for _ in range(2):
        await HeadSigner(KEY, service.log, KeptTwice(topic, file), system_clock).sign()
    told = [line.head for line in await topic.told("t-1")]
    assert told[:3] == before
    assert [head.position for head in told if head] == [2, 5, 7, 12]
    assert [line.head.position for line in await topic.told("t-2") if line.head] == [3, 3]


@pytest.fixture
def typed(service, tmp_path) -> Callable[..., asyncio.Future]:
    """A command as a person types it, on a folder that has nothing."""
    told = {"SUYUAN_KAFKA_TOPIC_PREFIX": service.settings.topic_prefix, "LC_ALL": "en_GB.UTF-8", "COLUMNS": "200"}
    child = Child(tmp_path / "none", told)
    return lambda *words: asyncio.to_thread(child.run, *words)


async def test_the_commands_need_nothing_but_the_topics(service, typed, tmp_path):
    await signer(service).sign()
    key = KEY.public_key().public_bytes_raw().hex()
    brokers = service.settings.bootstrap
    done = await typed("verify", "--kafka", brokers, "--key", key, "--service", "intake", "--json")
    assert done.returncode == 0, done.stderr
    assert {(line["tenant"], line["events"], line["whole"]) for line in map(json.loads, done.stdout.splitlines())} == {
        ("t-1", 12, True),
        ("t-2", 3, True),
    }
    file = tmp_path / "history.ndjson"
    told_all = await typed("replay", "--kafka", brokers, "--tenant", "t-1", "--to", str(file))
    assert told_all.returncode == 0, told_all.stderr
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["position"] for line in lines] == list(range(1, 13))
    assert {line["meta"]["tenant"] for line in lines} == {"t-1"}
    one = await typed("replay", "--kafka", brokers, "--stream", "c-1", "--service", "intake")
    assert [json.loads(line)["meta"]["tenant"] for line in one.stdout.splitlines()].count("t-2") == 3
    await write(service, history("t-1", 20)[19])
    broken = await typed("replay", "--kafka", brokers, "--tenant", "t-1", "--to", str(file))
    assert (broken.returncode, "t-1/intake position 13" in broken.stderr) == (3, True)
    nobody = await typed("verify", "--kafka", brokers, "--key", "zz")
    assert (nobody.returncode, "no Ed25519 public key" in nobody.stderr) == (4, True)
    assert "By which key" in (await typed("verify", "--kafka", brokers)).stderr


async def test_no_broker_is_said_in_a_sentence(tmp_path):
    done = await asyncio.to_thread(
        Child(tmp_path / "none", {"LC_ALL": "en_GB.UTF-8"}).run, "replay", "--kafka", "127.0.0.1:9"
    )
    assert "Traceback" not in done.stderr
    assert "Kafka" in done.stderr
    assert done.returncode == from_topics.KafkaAway.exit_code
