"""What makes a topic unfit to hold a history."""

from __future__ import annotations

import pytest
from aiokafka.admin import NewTopic

from shared.adapters.kafka.topics import (
    FOR_EVER,
    Topic,
    TopicMissing,
    TopicNames,
    TopicUnfit,
    administration,
    asserted,
    configuration,
    ensure,
    existing,
)
from tests.published import published, settings_of

KEPT = {**FOR_EVER, "max.message.bytes": "2097152", "min.insync.replicas": "1"}


async def made(settings, partitions: int = 12, **configs: str) -> str:
    name = TopicNames(settings.topic_prefix).events("intake")
    told = KEPT | {key.replace("_", "."): value for key, value in configs.items()}
    async with administration(settings) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=told)])
        while await existing(admin, name) is None:
            pass
    return name


async def test_a_topic_is_made_where_there_is_none_and_keeps_everything_for_ever(kafka):
    settings = settings_of(kafka)
    name = TopicNames(settings.topic_prefix).events("intake")
    async with administration(settings) as admin:
        assert await ensure(admin, settings, name) == Topic(name, 12, 1)
        told = await configuration(admin, name)
        assert {key: told[key] for key in KEPT} == KEPT
        assert await ensure(admin, settings, name) == Topic(name, 12, 1)


@pytest.mark.parametrize(
    ("setting", "found", "wanted"),
    [
        ("retention.ms", "604800000", "-1"),
        ("retention.bytes", "1000000", "-1"),
        ("cleanup.policy", "compact", "delete"),
        ("max.message.bytes", "1000", ">= 1048576"),
    ],
)
async def test_a_topic_that_would_forget_is_refused_with_the_setting_to_change(kafka, setting, found, wanted):
    settings = settings_of(kafka)
    name = await made(settings, **{setting.replace(".", "_"): found})
    async with administration(settings) as admin:
        with pytest.raises(TopicUnfit) as refused:
            await ensure(admin, settings, name)
    assert refused.value.facts == {"topic": name, "setting": setting, "found": found, "wanted": wanted}
    assert setting in refused.value.text("zh-CN")
    assert wanted in refused.value.text("zh-CN")


async def test_outside_a_single_broker_too_few_copies_are_refused(kafka):
    settings = settings_of(kafka)
    name = await made(settings)
    async with administration(settings) as admin:
        with pytest.raises(TopicUnfit) as few:
            await ensure(admin, settings.model_copy(update={"replicas": 3, "min_insync": 2}), name)
        assert (few.value.setting, few.value.found) == ("replicas", "1")
        with pytest.raises(TopicUnfit) as one:
            await ensure(admin, settings.model_copy(update={"min_insync": 2}), name)
        assert (one.value.setting, one.value.found) == ("min.insync.replicas", "1")


async def test_fewer_partitions_than_tenants_were_placed_by_are_refused(kafka):
    settings = settings_of(kafka)
    name = await made(settings, partitions=6)
    async with administration(settings) as admin:
        with pytest.raises(TopicUnfit) as refused:
            await ensure(admin, settings, name, recorded=12)
    assert (refused.value.setting, refused.value.found) == ("partitions", "6")


async def test_a_topic_that_was_there_and_is_gone_is_not_made_anew(kafka):
    settings = settings_of(kafka)
    async with administration(settings) as admin:
        with pytest.raises(TopicMissing):
            await ensure(admin, settings, f"{settings.topic_prefix}.gone", recorded=12)
        assert await existing(admin, f"{settings.topic_prefix}.gone") is None


async def test_tenants_stay_where_they_were_placed_though_the_topic_gets_more_partitions(kafka, database):
    async with published(await database(), kafka, running=False) as one:
        first = await asserted(one.pool, one.settings, one.relay.topic)
        await one.pool.execute("update log.topic set partitions = 5 where name = $1", one.relay.topic)
        again = await asserted(one.pool, one.settings, one.relay.topic)
    assert (first.partitions, again.partitions) == (12, 5)
