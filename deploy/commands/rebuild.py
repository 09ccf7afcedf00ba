"""Build read models anew beside the live ones, compare, switch; live traffic goes on."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping

from rich.progress import Progress

from deploy.cli import USAGE_EXIT, Arguments, add_folder, language
from deploy.commands.long_work import long_work
from deploy.commands.on_folder import on_folder
from deploy.embedded.attach import following
from deploy.outcomes import NOT_SWITCHED
from shared.adapters.postgres.projector import Projector
from shared.adapters.postgres.rebuild import RebuildDiffers, RebuildParked, rebuild
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES
from shared.kernel.readmodel import ReadModel

LOOK_SECONDS = 0.2
_SHOWN = "select shown from log.read_model where name = $1"


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="读模型名，省略为全部 · names; none for all")
    parser.add_argument("--service", choices=SERVICES, help="只限一个服务 · one service only")
    parser.add_argument("--accept-differences", action="store_true", help="有差异也切换 · switch even if they differ")
    parser.add_argument("--list", action="store_true", help="只列出读模型 · only list them")


def run(arguments: Arguments) -> int:
    """6: a rebuilt one differs and was not put in the live one's place."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    refused = 0
    async with on_folder(arguments) as runtimes:
        chosen = _chosen(arguments, runtimes)
        unknown = set(arguments.models) - {model.name for _, model in chosen}
        if unknown:
            print(f"没有读模型 {', '.join(sorted(unknown))} · no such read model", file=sys.stderr)
            return USAGE_EXIT
        for runtime, model in chosen:
            if arguments.list:
                print(f"{runtime.name}.{model.name} ← {', '.join(sorted(model.sources))}")
                continue
            try:
                print(await _rebuilt(runtime, model, accept=arguments.accept_differences), flush=True)
            except (RebuildDiffers, RebuildParked) as why:  # the live one stays, the others have their turn
                print(why.text(language()), file=sys.stderr)
                refused += 1
    return NOT_SWITCHED if refused else 0


def _chosen(arguments: Arguments, runtimes: Mapping[str, Runtime]) -> list[tuple[Runtime, ReadModel]]:
    return [
        (runtime, model)
        for service, runtime in runtimes.items()
        for model in runtime.wired.models
        if arguments.service in (None, service) and (not arguments.models or model.name in arguments.models)
    ]


async def _rebuilt(runtime: Runtime, model: ReadModel, *, accept: bool) -> str:
    """What was done. Raises RebuildDiffers, RebuildParked."""
    began = time.monotonic()
    projector = runtime.views.projectors[model.name]
    await projector.start()
    with long_work() as progress:
        if await runtime.resources.derived.fetchval(_SHOWN, model.name) != projector.table.generation:
            events = await _changed(runtime, projector, progress)
            generation = projector.table.generation
        else:
            task = progress.add_task(f"{runtime.name}.{model.name}", total=None)
            done = await rebuild(
                runtime.resources.derived,
                model,
                runtime.views.logs,
                lambda at, of: progress.update(task, completed=at, total=of),
                accept_differences=accept,
            )
            events, generation = done.events, done.generation
    rate = events / max(time.monotonic() - began, 1e-9)
    return (
        f"{runtime.name}.{model.name}: {events} 事件 events, {rate:,.0f}/s → 第 {generation} 代 generation {generation}"
    )


async def _changed(runtime: Runtime, projector: Projector, progress: Progress) -> int:
    """This build defines it anew: nothing to compare with, it is built up and shown as at a start."""
    task = progress.add_task(f"{runtime.name}.{projector.model.name}", total=None)
    model = projector.model.name
    async with following(runtime):
        while await runtime.resources.derived.fetchval(_SHOWN, model) != projector.table.generation:
            done = _done(projector)
            lag = sum([projector.lag(s, await runtime.views.logs[s].heads()) for s in projector.positions])
            progress.update(task, completed=done, total=done + lag)
            await asyncio.sleep(LOOK_SECONDS)
    return _done(projector)


def _done(projector: Projector) -> int:
    return sum(sum(positions.values()) for positions in projector.positions.values())
