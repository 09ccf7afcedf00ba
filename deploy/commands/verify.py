"""Recompute every chain, hold it against the signed heads, the facts and the blobs; name the first bad place."""

from __future__ import annotations

import asyncio
import json
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli import Arguments, add_folder, language
from deploy.embedded.attach import attached
from deploy.settings import settings_for
from services.investigation.readmodels.fact_rows import FactRows
from shared.adapters.postgres.verify import Verdict, verify
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import SERVICES
from shared.contracts.intake.complaint import AttachmentAdded
from shared.contracts.investigation.facts import FactsCaptured
from shared.contracts.investigation.responsibility import TraceabilityReportIssued
from shared.kernel.recorded import Recorded

TAMPERED = 3
PAGE = 1000


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("--tenant", help="只核对一个租户 · one tenant only")
    parser.add_argument("--service", choices=SERVICES, help="只核对一个服务 · one service only")
    parser.add_argument("--json", action="store_true", help="逐行输出 JSON · one JSON line a log")


def run(arguments: Arguments) -> int:
    """0: whole; 3: something is not what it was."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    verdicts: list[tuple[Verdict, list[str], float]] = []
    async with attached(settings_for(arguments)) as runtimes:
        with Progress(disable=arguments.json, transient=True) as progress:
            for service, runtime in runtimes.items():
                if arguments.service in (None, service):
                    for tenant in await _tenants(runtime, arguments.tenant):
                        began = time.monotonic()
                        task = progress.add_task(f"{tenant}/{service}", total=None)
                        verdict = await _verdict(runtime, tenant, progress, task)
                        beside = await _beside(runtime, tenant)
                        progress.update(task, visible=False)
                        verdicts.append((verdict, beside, time.monotonic() - began))
    _print_json(verdicts) if arguments.json else _print_table(verdicts)
    return 0 if all(v.whole and not beside for v, beside, _ in verdicts) else TAMPERED


async def _tenants(runtime: Runtime, only: str | None) -> list[str]:
    """Those of the database and those that somebody signed for: a log that is gone altogether is found too."""
    known = set(await runtime.resources.log.heads()) | {head.tenant for head in runtime.resources.heads.read()}
    return sorted(tenant for tenant in known if only in (None, tenant))


async def _verdict(runtime: Runtime, tenant: str, progress: Progress, task: Any) -> Verdict:
    def seen(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    resources = runtime.resources
    key = resources.secrets.heads.public_key()
    return await verify(resources.pool, resources.service, tenant, resources.heads.read(), key, seen)


async def _beside(runtime: Runtime, tenant: str) -> list[str]:
    """What the log anchors and doesn't hold itself: rows of facts, blobs."""
    problems: list[str] = []
    if runtime.name == "investigation":
        rows = FactRows(runtime.resources.pool)
        async for recorded in _events(runtime, tenant, lambda r: isinstance(r.event, FactsCaptured)):
            fault = await rows.verify(tenant, recorded.event)  # type: ignore[arg-type]  # filtered just above
            if fault is not None:
                where = "" if fault.row is None else f" row {fault.row}"
                problems.append(f"position {recorded.position}, batch {fault.batch_id}{where}: {fault.problem}")
    async for recorded in _events(runtime, tenant, _names_blobs):
        for name in _blobs(recorded):
            if await _sum(runtime, tenant, name) != name:
                problems.append(f"position {recorded.position}: blob {name[:16]}…")  # noqa: PERF401 - it awaits
    return problems


def _names_blobs(recorded: Recorded) -> bool:
    return isinstance(recorded.event, (AttachmentAdded, TraceabilityReportIssued))


def _blobs(recorded: Recorded) -> tuple[str, ...]:
    event = recorded.event
    if isinstance(event, TraceabilityReportIssued):
        return event.json_sha256, event.html_sha256
    return (event.sha256,) if isinstance(event, AttachmentAdded) else ()


async def _sum(runtime: Runtime, tenant: str, name: str) -> str:
    whole = sha256()
    try:
        async for chunk in runtime.resources.blobs.get(tenant, name):
            whole.update(chunk)
    except FileNotFoundError:
        return "missing"
    return whole.hexdigest()


async def _events(runtime: Runtime, tenant: str, wanted: Callable[[Recorded], bool]) -> AsyncIterator[Recorded]:
    after = 0
    while batch := await runtime.resources.log.read(tenant, after, PAGE):
        for recorded in batch:
            if wanted(recorded):
                yield recorded
        after = batch[-1].position


def _print_table(verdicts: list[tuple[Verdict, list[str], float]]) -> None:
    zh = language().startswith("zh")
    columns = (
        ("租户", "服务", "事件", "已签名至", "结论", "事件/秒")
        if zh
        else ("tenant", "service", "events", "signed up to", "verdict", "events/s")
    )
    table = Table(*columns)
    for verdict, beside, seconds in verdicts:
        table.add_row(
            verdict.tenant,
            verdict.service,
            str(verdict.events),
            str(verdict.signed_position),
            "\n".join(_said(verdict, beside, zh)),
            f"{verdict.events / max(seconds, 1e-9):,.0f}",
        )
    Console().print(table)


def _said(verdict: Verdict, beside: list[str], zh: bool) -> list[str]:
    if verdict.whole and not beside:
        return ["完好" if zh else "whole"]
    bad = f"位置 {verdict.bad_position}：{verdict.fault}" if zh else f"position {verdict.bad_position}: {verdict.fault}"
    return ([] if verdict.whole else [bad]) + beside


def _print_json(verdicts: list[tuple[Verdict, list[str], float]]) -> None:
    for verdict, beside, seconds in verdicts:
        line: Mapping[str, Any] = asdict(verdict) | {"beside": beside, "seconds": round(seconds, 3)}
        print(json.dumps(line, ensure_ascii=False))
