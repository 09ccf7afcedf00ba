"""Build read models anew beside the live ones, compare, switch; live traffic goes on."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import ArgumentParser

from rich.progress import Progress

from deploy.cli import USAGE_EXIT, Arguments, add_folder
from deploy.embedded.attach import attached
from deploy.settings import settings_for
from shared.adapters.postgres.projector import Projector
from shared.adapters.postgres.rebuild import rebuild
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES
from shared.kernel.readmodel import ReadModel


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("models", nargs="*", help="读模型名，省略为全部 · names; none for all")
    parser.add_argument("--service", choices=SERVICES)
    parser.add_argument("--accept-differences", action="store_true", help="有差异也切换 · switch even if they differ")
    parser.add_argument("--list", action="store_true", help="只列出读模型 · only list them")


def run(arguments: Arguments) -> int:
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    async with attached(settings_for(arguments)) as runtimes:
        chosen = [
            (runtime, model)
            for service, runtime in runtimes.items()
            for model in runtime.wired.models
            if arguments.service in (None, service) and (not arguments.models or model.name in arguments.models)
        ]
        unknown = set(arguments.models) - {model.name for _, model in chosen}
        if unknown:
            print(f"没有读模型 {', '.join(sorted(unknown))} · no such read model", file=sys.stderr)
            return USAGE_EXIT
        for runtime, model in chosen:
            if arguments.list:
                print(f"{runtime.name}.{model.name} ← {', '.join(sorted(model.sources))}")
            else:
                await _rebuild(runtime, model, accept=arguments.accept_differences)
    return 0


async def _rebuild(runtime: Runtime, model: ReadModel, *, accept: bool) -> None:
    """Raises RebuildDiffers, RebuildParked: said in a sentence, and the live one stays."""
    await Projector(runtime.resources.derived, model, runtime.views.logs).start()
    began = time.monotonic()
    with Progress(transient=True) as progress:
        task = progress.add_task(f"{runtime.name}.{model.name}", total=None)
        done = await rebuild(
            runtime.resources.derived,
            model,
            runtime.views.logs,
            lambda at, of: progress.update(task, completed=at, total=of),
            accept_differences=accept,
        )
    rate = done.events / max(time.monotonic() - began, 1e-9)
    print(f"{runtime.name}.{model.name}: {done.events} 事件 events, {rate:,.0f}/s → 第 {done.generation} 代 generation")
