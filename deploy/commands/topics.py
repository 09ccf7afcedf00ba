"""A service's topic beside its database: compare them, make topics, bring events in after a restore, publish anew."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from deploy.cli import Arguments, language
from deploy.commands.from_topics import answering, kafka_of
from deploy.commands.long_work import long_work
from deploy.commands.owned import Owned, add_services, owned
from shared.adapters.kafka.connection import client_arguments
from shared.adapters.kafka.importing import TailImport
from shared.adapters.kafka.republishing import published_anew
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.standing import Standing, standing
from shared.adapters.kafka.topics import TopicNames, administration, asserted, existing
from shared.kernel.errors import LogError

Said = tuple[Mapping[str, Any], str, str]
"""The line as JSON has it, in Chinese, in English."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=tuple(_DONE), default="show")
    parser.add_argument("--kafka", metavar="HOST:PORT,…", help="默认 · default: SUYUAN_KAFKA_BOOTSTRAP")
    parser.add_argument("--json", action="store_true", help="NDJSON")
    add_services(parser)


def run(arguments: Arguments) -> int:
    """38, 39: a topic is unfit or missing; 41: histories differ, or the topic lost events; nothing was changed then."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    doubt: LogError | None = None
    with answering(kafka_of(arguments)) as settings:
        async with owned(arguments) as places:
            for place in places:
                try:
                    said = await _DONE[arguments.what](place, settings, arguments)
                except LogError as why:
                    said = [_trouble(place, why)]
                    doubt = doubt or why
                _print(arguments, said)
    if doubt is not None:
        raise doubt
    return 0


def _print(arguments: Arguments, said: Sequence[Said]) -> None:
    for told, chinese, english in said:
        if arguments.json:
            print(json.dumps(told, ensure_ascii=False), flush=True)
        else:
            print(english if language() == "en" else chinese, flush=True)


def _trouble(place: Owned, why: LogError) -> Said:
    told = {"service": place.service, "state": type(why).__name__, "detail": why.text("zh-CN"), "en": why.text("en")}
    return told, f"✗ {place.service}：{why.text('zh-CN')}", f"✗ {place.service}: {why.text('en')}"


async def _show(place: Owned, settings: KafkaSettings, arguments: Arguments) -> list[Said]:
    del arguments
    found = await standing(place.owner, settings, place.service)
    if found is None:
        topic = TopicNames(settings.topic_prefix).events(place.service)
        told = {"service": place.service, "topic": topic, "state": "missing"}
        return [(told, f"– {topic}：还没有这个主题", f"– {topic}: there is no such topic yet")]
    return [
        _told(place.service, found),
        *(_of_tenant(place.service, found, tenant) for tenant in sorted(found.tenants)),
    ]


def _told(service: str, found: Standing) -> Said:
    topic = found.topic
    told = {
        "service": service,
        "topic": topic.name,
        "partitions": topic.partitions,
        "replicas": topic.replicas,
        "settings": dict(found.settings),
        "records": sum(found.records),
    }
    kept = ", ".join(f"{name}={value}" for name, value in found.settings.items())
    records = " ".join(map(str, found.records))
    return (
        told,
        f"{topic.name}：{topic.partitions} 个分区（记录 {records}），{topic.replicas} 个副本，{kept}",
        f"{topic.name}: {topic.partitions} partitions (records {records}), {topic.replicas} replicas, {kept}",
    )


_STATES = {
    "in step": ("一致", "in step"),
    "behind": ("主题落后", "the topic is behind"),
    "ahead": ("主题超前，请用 import-tail", "the topic is ahead: import-tail"),
}


def _of_tenant(service: str, found: Standing, tenant: str) -> Said:
    table, topic = found.tenants[tenant]
    state = "in step" if table == topic else "behind" if topic < table else "ahead"
    told = {"service": service, "tenant": tenant, "table": table, "topic": topic, "state": state}
    chinese, english = _STATES[state]
    return (
        told,
        f"  {tenant}：数据库至 {table}，主题至 {topic}（{chinese}）",
        f"  {tenant}: database up to {table}, topic up to {topic} ({english})",
    )


async def _create(place: Owned, settings: KafkaSettings, arguments: Arguments) -> list[Said]:
    del arguments
    names = TopicNames(settings.topic_prefix)
    said: list[Said] = []
    for name in (names.events(place.service), names.heads):
        async with administration(settings) as admin:
            was_there = await existing(admin, name) is not None
        topic = await asserted(place.owner, settings, name)
        told = {"service": place.service, "topic": name, "partitions": topic.partitions, "made": not was_there}
        done = ("已有，合格", "there already, and fit") if was_there else ("已建立", "made")
        said.append((told, f"✓ {name}：{done[0]}", f"✓ {name}: {done[1]}"))
    return said


async def _import_tail(place: Owned, settings: KafkaSettings, arguments: Arguments) -> list[Said]:
    topic = await asserted(place.owner, settings, TopicNames(settings.topic_prefix).events(place.service))
    reactions = [rule.name for rule in place.wired.reactions]
    work = TailImport(place.owner, client_arguments(settings), place.service, topic, place.wired.keeping, reactions)
    with long_work(silent=arguments.json) as progress:
        task = progress.add_task(topic.name, total=None)
        found = await work.run(lambda count: progress.advance(task, count))
    if not found:
        told = {"service": place.service, "imported": 0}
        return [
            (told, f"– {place.service}：主题中没有数据库缺少的事件", f"– {place.service}: the database lacks nothing")
        ]
    return [
        (
            {"service": place.service, "tenant": one.tenant, "first": one.first, "last": one.last,
             "imported": one.last - one.first + 1},
            f"✓ {place.service} {one.tenant}：取回位置 {one.first} 至 {one.last}",
            f"✓ {place.service} {one.tenant}: brought in positions {one.first} to {one.last}",
        )
        for one in found
    ]  # fmt: skip


async def _republish(place: Owned, settings: KafkaSettings, arguments: Arguments) -> list[Said]:
    with long_work(silent=arguments.json) as progress:
        task = progress.add_task(place.service, total=None)
        left = await published_anew(place.owner, settings, place.service, lambda count: progress.advance(task, count))
    told = {"service": place.service, "to_publish": left}
    return [
        (
            told,
            f"✓ {place.service}：服务运行时将重新发布 {left} 个事件",
            f"✓ {place.service}: {left} events will be published while the service runs",
        )
    ]


_DONE: Mapping[str, Callable[[Owned, KafkaSettings, Arguments], Awaitable[list[Said]]]] = {
    "show": _show,
    "create": _create,
    "import-tail": _import_tail,
    "republish": _republish,
}
