"""Streams that a consumer could not apply: list them, or try them again."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser

from rich.console import Console
from rich.table import Table

from deploy.cli import Arguments, add_folder
from deploy.embedded.attach import attached
from deploy.settings import settings_for
from shared.adapters.postgres import parking
from shared.adapters.postgres.parking import Parked
from shared.adapters.postgres.reactor import replay as react_again
from shared.adapters.runtime import Runtime

STILL_PARKED = 5


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("what", nargs="?", choices=("list", "replay"), default="list")
    parser.add_argument("--stream", help="只重放该流 · only this stream")


def run(arguments: Arguments) -> int:
    """5 where streams are still parked after a replay."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    left = 0
    async with attached(settings_for(arguments)) as runtimes:
        found = [
            (runtime, one) for runtime in runtimes.values() for one in await parking.parked(runtime.resources.pool)
        ]
        chosen = [(runtime, one) for runtime, one in found if arguments.stream in (None, one.stream)]
        if arguments.what == "list":
            _print(chosen)
            return 0
        for runtime, one in chosen:
            still = await _replay(runtime, one)
            left += bool(still)
            print(f"{one.consumer} {one.stream}: {'✓' if not still else f'{still} 仍搁置 still parked'}")
    return STILL_PARKED if left else 0


async def _replay(runtime: Runtime, one: Parked) -> int:
    log = runtime.views.logs[one.source]
    for reactor in runtime.views.reactors.values():
        if reactor.consumer == one.consumer:
            return await react_again(reactor, runtime.resources.pool, log, one.tenant, one.stream)
    projector = runtime.views.projectors[one.consumer.rpartition("__")[0]]
    await projector.start()
    return await parking.replay(runtime.resources.derived, projector.table, log, one.tenant, one.stream)


def _print(found: list[tuple[Runtime, Parked]]) -> None:
    if not found:
        print("没有搁置的流 · nothing is parked")
        return
    table = Table("service", "consumer", "source", "tenant", "stream", "position", "events", "error")
    for runtime, one in found:
        place = (one.source, one.tenant, one.stream, str(one.first_position), str(one.events))
        table.add_row(runtime.name, one.consumer, *place, one.error)
    Console().print(table)
