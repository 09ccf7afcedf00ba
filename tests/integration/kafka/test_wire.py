"""What is really on the topics is what the AsyncAPI document says: every event of the contracts, each of its bytes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiokafka.structs import ConsumerRecord
from jsonschema import ValidationError

from shared.adapters.kafka.export import Export
from shared.adapters.kafka.topics import TopicNames
from shared.adapters.privacy import SealingVault
from shared.contracts.catalogue import EVENT_TYPES, SERVICES
from shared.kernel.ids import new_id
from tests.contract.examples import example
from tests.contract.stores import prepared, request
from tests.published import Published, eventually, on_topic, published
from tests.wire import held


@pytest.fixture(scope="module", params=[name for name in SERVICES if name != "analytics"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(database, kafka, name) -> AsyncIterator[Published]:
    """Every event of the service was appended, published and exported."""
    exports = {"t-1": ("*",)}
    async with published(await database(name), kafka, service=name, running=False, exports=exports) as one:
        export = Export(one.pool, one.log, one.settings)
        one.run(one.relay.run())
        one.run(export.run())
        await append_every_event(one)
        await one.drained()

        async def exported() -> bool:
            return (await export.lag()).events == 0

        await eventually(exported)
        yield one


async def append_every_event(service: Published) -> None:
    vault = SealingVault(bytes(32), service.keys)
    for kind in EVENT_TYPES.values():
        if kind.service == service.log.service:
            stream, event_id = f"s-{new_id()}", new_id()
            sealed = await vault.seal("t-1", stream, [(event_id, example(kind.cls))])
            event = prepared("t-1", stream, 1, sealed.events[0], kind.service)
            await service.store.append(
                request(stream, tenant="t-1", events=(event,), new_keys=sealed.new_keys, key_owners=sealed.key_owners)
            )


def every_event_once(name: str) -> Counter[str]:
    return Counter(kind.name for kind in EVENT_TYPES.values() if kind.service == name)


async def test_every_record_of_the_history_is_as_the_document_says(service, name):
    prefix = service.settings.topic_prefix
    assert Counter(held(record, prefix) for record in await service.records()) == every_event_once(name)


async def test_every_exported_record_is_as_the_document_says(service, name):
    settings = service.settings.model_copy(update={"partitions": 1})
    topic = TopicNames(settings.topic_prefix).export("t-1")
    records = [record async for record in on_topic(settings, topic)]
    assert Counter(held(record, settings.topic_prefix) for record in records) == every_event_once(name)


async def test_a_record_that_says_more_or_less_or_something_else_would_be_found(service):
    prefix = service.settings.topic_prefix
    good = (await service.records())[0]
    for headers in (
        [*good.headers, ("ce_more", b"1")],
        [pair for pair in good.headers if pair[0] != "ce_chainhash"],
        [(name, b"0" if name == "ce_position" else value) for name, value in good.headers],
    ):
        with pytest.raises(ValidationError):
            held(changed(good, headers=headers), prefix)
    with pytest.raises(ValidationError):
        held(changed(good, value=good.value[:-1] + b',"more":1}'), prefix)


def changed(record: ConsumerRecord, **other: object) -> ConsumerRecord:
    return dataclasses.replace(record, **other)
