"""The programs of docs/consuming.md do what the page says, as printed, on a real broker."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.adapters.heads import HeadFile, HeadSigner
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.records import headers
from shared.kernel.ids import new_id
from tests.contract.stores import request
from tests.pages import blocks
from tests.published import PATIENCE, Published, published

CONSUMER, CHAIN, SIGNATURE = blocks("consuming.md", "python")


@pytest_asyncio.fixture(loop_scope="session")
async def service(database, kafka) -> AsyncIterator[Published]:
    async with published(await database(), kafka) as one:
        for tenant in ("t-0", "t-1"):
            await one.store.append(request(f"complaint-{new_id()}", tenant=tenant, count=5))
        await one.drained()
        yield one


def program(text: str) -> SimpleNamespace:
    """What a program defines."""
    defined: dict[str, Any] = {}
    exec(compile(text, "docs/consuming.md", "exec"), defined)  # noqa: S102 - the page's own program
    return SimpleNamespace(**defined)


@asynccontextmanager
async def consumer(service: Published) -> AsyncIterator[asyncio.subprocess.Process]:
    """The page's consumer as a process of its own."""
    told = {"KAFKA": service.settings.bootstrap, "TOPIC": service.relay.topic}
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CONSUMER, env={**os.environ, **told}, **pipes)
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def test_the_consumer_has_ten_lines():
    function = CONSUMER[CONSUMER.index("async def") : CONSUMER.index("asyncio.run")]
    assert len(function.strip().splitlines()) == 10  # `async def` and what is in it


def first_words(line: bytes) -> list[str]:
    return line.decode().split()[:3]


def told(tenant: str) -> list[list[str]]:
    return [[tenant, str(n), "intake.SatisfactionRecorded"] for n in range(1, 6)]


async def test_the_consumer_prints_every_event_in_its_tenants_order(service):
    async with consumer(service) as process:
        found = [first_words(await process.stdout.readline()) for _ in range(10)]
    for tenant in ("t-0", "t-1"):
        assert [words for words in found if words[0] == tenant] == told(tenant)


async def test_the_consumer_passes_over_a_repeat_and_stops_at_a_gap(service):
    first, *_, last = await service.log.read("t-0", 0, 10)
    await put_by_hand(service, first)
    last.position += 2
    await put_by_hand(service, last)
    async with consumer(service) as process:
        said, complained = await process.communicate()
    found = [first_words(line) for line in said.splitlines()]
    assert [words for words in found if words[0] == "t-0"] == told("t-0")
    assert complained.decode().splitlines()[-1] == "t-0: 7 is a gap"


async def put_by_hand(service: Published, event) -> None:
    async with AIOKafkaProducer(**client_arguments(service.settings)) as producer:
        await producer.send_and_wait(
            service.relay.topic, event.data_bytes, key=event.meta.tenant.encode(), headers=headers(event)
        )


async def test_the_chain_is_verified_from_the_records_alone(service):
    first_broken = program(CHAIN).first_broken
    records = [record for record in await service.records() if record.key == b"t-0"]
    assert len(records) == 5
    assert first_broken(records) is None
    third = records[2]
    forged = dataclasses.replace(third, value=third.value.replace(b"4", b"5"))
    assert first_broken([*records[:2], forged, *records[3:]]) == 3
    assert first_broken([*records[:2], *records[3:]]) == 3


async def test_a_heads_signature_is_checked_by_the_public_key(service, tmp_path):
    check = program(SIGNATURE).check_signature
    key = Ed25519PrivateKey.generate()
    signer = HeadSigner(key, service.log, HeadFile(tmp_path / "heads.ndjson"), lambda: datetime(2026, 3, 1, tzinfo=UTC))
    for head in await signer.sign():
        check(key.public_key().public_bytes_raw(), msgspec.json.encode(head))
        forged = msgspec.structs.replace(head, position=head.position + 1)
        with pytest.raises(InvalidSignature):
            check(key.public_key().public_bytes_raw(), msgspec.json.encode(forged))
