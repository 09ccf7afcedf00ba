"""Recompute every chain, hold it against the signed heads, the facts and the files; name the first bad place."""

from __future__ import annotations

import asyncio
import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli import Arguments, add_folder, language
from deploy.commands.long_work import long_work
from deploy.commands.on_folder import on_folder
from deploy.outcomes import NOT_FOUND, TAMPERED
from shared.adapters.postgres.verify import Fault, Verdict
from shared.adapters.runtime import Runtime
from shared.adapters.verification import Part, audited_tenants, verify_service
from shared.contracts.catalogue import SERVICES

FAULTS: Mapping[Fault, tuple[str, str]] = {
    "hash_differs": ("内容与其哈希不符", "its content is not what its hash says"),
    "position_missing": ("事件缺失", "the event is missing"),
    "columns_differ": ("列与事件内容不符", "a column says other than the event itself"),
    "unreadable": ("无法读取", "it can't be read"),
    "head_differs": ("链头与日志不符", "the head is not that of the log"),
    "tail_cut": ("已签名的事件被截去", "events that were signed for are cut off"),
    "signed_head_differs": ("与已签名的链头不符", "it is not what was signed for"),
    "signature_invalid": ("链头签名无效", "the signature of the head is not ours"),
    "facts_differ": ("事实与其批次不符", "facts are not those of their batch"),
    "blob_missing": ("文件缺失", "a file is missing"),
    "blob_differs": ("文件被改动", "a file was changed"),
}
PARTS: Mapping[Part, tuple[str, str]] = {"chain": ("链", "chain"), "anchors": ("事实与文件", "facts and files")}
_COLUMNS = (
    ("租户", "tenant"),
    ("服务", "service"),
    ("事件", "events"),
    ("已签名至", "signed up to"),
    ("结论", "verdict"),
    ("事件/秒", "events/s"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    seconds: float

    @property
    def rate(self) -> float:
        return self.verdict.events / max(self.seconds, 1e-9)


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("--tenant", help="只核对一个租户 · one tenant only")
    parser.add_argument("--service", choices=SERVICES, help="只核对一个服务 · one service only")
    parser.add_argument("--json", action="store_true", help="每个日志一行 JSON · one JSON line a log")


def run(arguments: Arguments) -> int:
    """0: whole; 3: something is not what it was; 4: there is no such tenant."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    english = language() == "en"
    async with on_folder(arguments) as runtimes:
        logs = [
            (runtime, tenant)
            for service, runtime in runtimes.items()
            if arguments.service in (None, service)
            for tenant in await audited_tenants(runtime.resources)
            if arguments.tenant in (None, tenant)
        ]
        with long_work(silent=arguments.json) as progress:
            judged = [await _judged(runtime, tenant, progress, english=english) for runtime, tenant in logs]
    if arguments.json:
        _print_json(judged)
    else:
        _print_table(judged, english=english)
    if arguments.tenant is not None and not judged:
        return NOT_FOUND
    return 0 if all(each.verdict.whole for each in judged) else TAMPERED


async def _judged(runtime: Runtime, tenant: str, progress: Progress, *, english: bool) -> Judged:
    began = time.monotonic()
    tasks = {part: progress.add_task(f"{tenant} {runtime.name} {PARTS[part][english]}", total=None) for part in PARTS}

    def seen(part: Part, done: int, total: int) -> None:
        progress.update(tasks[part], completed=done, total=total)

    verdict = await verify_service(runtime.resources, runtime.wired.anchors, tenant, seen)
    for task in tasks.values():
        progress.remove_task(task)
    return Judged(verdict, time.monotonic() - began)


def _print_table(judged: list[Judged], *, english: bool) -> None:
    if not judged:
        print(("没有可核对的日志", "there is no log to verify")[english])
        return
    table = Table(*(names[english] for names in _COLUMNS))
    for each in judged:
        verdict = each.verdict
        row = (verdict.tenant, verdict.service, str(verdict.events), str(verdict.signed_position))
        table.add_row(
            *row, _said(verdict, english=english), f"{each.rate:,.0f}", style=None if verdict.whole else "red"
        )
    Console().print(table)


def _said(verdict: Verdict, *, english: bool) -> str:
    if verdict.fault is None:
        return ("完好", "whole")[english]
    why = FAULTS[verdict.fault][english]
    where = (f"位置 {verdict.bad_position}：{why}", f"position {verdict.bad_position}: {why}")[english]
    return where if verdict.detail is None else f"{where}\n{verdict.detail}"


def _print_json(judged: list[Judged]) -> None:
    for each in judged:
        line = asdict(each.verdict) | {"whole": each.verdict.whole, "seconds": round(each.seconds, 3)}
        print(json.dumps(line, ensure_ascii=False))
