"""Streams that a consumer could not apply: list them, or try them again."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli import Arguments, add_folder, language
from deploy.commands.on_folder import on_folder
from deploy.embedded.attach import following
from deploy.outcomes import NOT_FOUND, STILL_PARKED
from shared.adapters.postgres import parking
from shared.adapters.postgres.parking import Parked
from shared.adapters.postgres.reactor import replay as react_again
from shared.adapters.postgres.read_table import ReadTable
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES

_COLUMNS = (
    ("服务", "service"),
    ("消费者", "consumer"),
    ("来源", "source"),
    ("租户", "tenant"),
    ("流", "stream"),
    ("首个位置", "first position"),
    ("事件", "events"),
    ("原因", "error"),
)


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("what", nargs="?", choices=("list", "replay"), default="list")
    parser.add_argument("--service", choices=SERVICES, help="只限一个服务 · one service only")
    parser.add_argument("--tenant", help="只限一个租户 · one tenant only")
    parser.add_argument("--stream", help="只限一个流 · one stream only")


def run(arguments: Arguments) -> int:
    """4: that stream is not parked; 5: streams are still parked after a replay."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    async with on_folder(arguments) as runtimes:
        chosen = await _chosen(arguments, runtimes)
        if arguments.what == "list" or not chosen:
            _print(chosen, english=language() == "en")
            return NOT_FOUND if arguments.stream and not chosen else 0
        return await _replay_all(chosen)


async def _chosen(arguments: Arguments, runtimes: Mapping[str, Runtime]) -> list[tuple[Runtime, Parked]]:
    return [
        (runtime, one)
        for service, runtime in runtimes.items()
        if arguments.service in (None, service)
        for one in await parking.parked(runtime.resources.pool)
        if arguments.stream in (None, one.stream) and arguments.tenant in (None, one.tenant)
    ]


async def _replay_all(chosen: list[tuple[Runtime, Parked]]) -> int:
    left = 0
    for runtime, one in chosen:
        still = await _replayed(runtime, one)
        left += bool(still)
        if still:
            print(
                f"✗ {runtime.name} {one.consumer} {one.stream}: {still} 事件仍搁置 events still parked", file=sys.stderr
            )
        else:
            print(f"✓ {runtime.name} {one.consumer} {one.stream}: {one.events} 事件 events")
    return STILL_PARKED if left else 0


async def _replayed(runtime: Runtime, one: Parked) -> int:
    """How many of its events are still parked. What is parked by a model goes on in its own generation."""
    log = runtime.views.logs[one.source]
    for reactor in runtime.views.reactors.values():
        if reactor.consumer == one.consumer:
            async with following(runtime):  # reactions look things up in read models
                return await react_again(reactor, runtime.resources.pool, log, one.tenant, one.stream)
    name, _, generation = one.consumer.rpartition("__")
    projector = runtime.views.projectors.get(name)
    if projector is None:  # this build has no such consumer any more
        return one.events
    table = ReadTable(projector.model, int(generation))
    return await parking.replay(runtime.resources.derived, table, log, one.tenant, one.stream)


def _print(found: list[tuple[Runtime, Parked]], *, english: bool) -> None:
    if not found:
        print(("没有搁置的流", "nothing is parked")[english])
        return
    table = Table(*(names[english] for names in _COLUMNS))
    for runtime, one in found:
        place = (one.consumer, one.source, one.tenant, one.stream, str(one.first_position), str(one.events), one.error)
        table.add_row(runtime.name, *(escape(text) for text in place))
    Console().print(table)
