"""Moves the data of an embedded folder into a distributed system, with every chain intact.

Whatever can refuse it does so before the first row is copied. Each service's rows go over in one transaction: a target
has all of them or none, and what an earlier try has brought over is known by being the same. The folder stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress, TaskID

from deploy.embedded.attach import connected
from deploy.embedded.system import wire_of
from deploy.moving.databases import Reached, filled, prepared, reached
from deploy.moving.errors import CopyDiffers
from deploy.moving.files import BLOBS, HEADS, copy_blobs, copy_heads
from deploy.moving.source import Source, held
from deploy.moving.targets import Target, keys_of, require_apart, require_same_keys
from shared.adapters.blobs import FolderBlobs
from shared.adapters.heads import HeadFile, HeadSigner
from shared.adapters.postgres.verify import Verdict
from shared.adapters.runtime import Resources, Runtime
from shared.adapters.verification import Part, audited_tenants, verify_service
from shared.kernel.clock import system_clock

Say = Callable[[str, str], None]
"""Hears what was done, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdicts on the logs at the target; those on the source where it isn't whole, and nothing was copied."""

    verdicts: list[Verdict]
    is_copied: bool


async def move(folder: Path, targets: Mapping[str, Target], progress: Progress, say: Say) -> Outcome:
    """Raises MoveRefused, and what `held`, `reached` and `prepared` raise."""
    keys = keys_of(folder)
    require_apart(targets.values())
    for target in targets.values():
        require_same_keys(folder, keys, target)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(held(folder, keys))
        places = {service: await stack.enter_async_context(reached(target)) for service, target in targets.items()}
        missing = {service for service, place in places.items() if await prepared(place, source.owners[service])}
        verdicts = await _verified(source.runtimes, progress)
        if not all(verdict.whole for verdict in verdicts):
            return Outcome(verdicts, is_copied=False)
        say(f"来源完好：{len(verdicts)} 个日志", f"the source is whole: {len(verdicts)} logs")
        await _copy_files(source, targets, say)
        for service, place in places.items():
            if service in missing:
                await _copy_rows(source, place, progress, say)
            else:
                say(f"{service}：此前已迁入", f"{service}: is there from an earlier try")
        found = await _judged(targets, progress)
        if all(verdict.whole for verdict in found):
            _require_same(verdicts, found)
        return Outcome(found, is_copied=True)


async def _copy_files(source: Source, targets: Mapping[str, Target], say: Say) -> None:
    """Before the rows: no event ever names a file that isn't there."""
    for service, target in targets.items():
        copy_heads(source.folder / HEADS / target.heads.name, target.heads, service)
    for folder in sorted({target.blobs for target in targets.values()}):
        copied = await copy_blobs(source.folder / BLOBS, folder)
        say(f"附件与报告 → {folder}：新复制 {copied} 个", f"attachments and reports → {folder}: {copied} copied")


async def _copy_rows(source: Source, place: Reached, progress: Progress, say: Say) -> None:
    service, began = place.service, time.monotonic()
    copied = await filled(source.owners[service], place, progress)
    events, seconds = copied.parts["log.event"][0], time.monotonic() - began
    say(
        f"{service}：{events} 个事件，共 {copied.rows} 行，{seconds:.1f} 秒",
        f"{service}: {events} events, {copied.rows} rows in all, {seconds:.1f} s",
    )


async def _judged(targets: Mapping[str, Target], progress: Progress) -> list[Verdict]:
    """The target verified as the services will see it; what the source had not signed yet is signed there first."""
    resources = {service: _resources(target) for service, target in targets.items()}
    logs = {service: each.log for service, each in resources.items()}
    runtimes = {service: Runtime(each, wire_of(service), logs) for service, each in resources.items()}
    async with connected(runtimes):
        for each in resources.values():
            await HeadSigner(each.secrets.heads, each.log, each.heads, system_clock).sign()
        return await _verified(runtimes, progress)


def _require_same(source: list[Verdict], target: list[Verdict]) -> None:
    """As many events and the same last hash in each log, each recomputed. Raises CopyDiffers."""
    last = {(verdict.tenant, verdict.service): (verdict.events, verdict.head) for verdict in target}
    for verdict in source:
        if last.pop((verdict.tenant, verdict.service), None) != (verdict.events, verdict.head):
            raise CopyDiffers(service=verdict.service, part=verdict.tenant)
    for tenant, service in last:
        raise CopyDiffers(service=service, part=tenant)


def _resources(target: Target) -> Resources:
    return Resources(
        target.service,
        {"dsn": target.runtime},
        target.keys.secrets,
        FolderBlobs(target.blobs),
        target.settings,
        system_clock,
        heads=HeadFile(target.heads),
    )


async def _verified(runtimes: Mapping[str, Runtime], progress: Progress) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for service, runtime in runtimes.items():
        for tenant in await audited_tenants(runtime.resources):
            task = progress.add_task(f"verify {tenant} {service}", total=None)

            def seen(_: Part, done: int, total: int, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=total)

            verdicts.append(await verify_service(runtime.resources, runtime.wired.anchors, tenant, seen))
            progress.remove_task(task)
    return verdicts
