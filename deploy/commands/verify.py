"""Recompute every chain, hold it against the signed heads, the facts and the files; name the first bad place."""

from __future__ import annotations

import asyncio
import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli import Arguments, add_folder, language
from deploy.commands.from_topics import add_kafka, add_key, verdicts
from deploy.commands.long_work import long_work
from deploy.commands.on_folder import on_folder
from deploy.outcomes import NOT_FOUND, TAMPERED
from shared.adapters.heads import HeadBook, HeadFile
from shared.adapters.postgres.verify import Fault, Verdict
from shared.adapters.runtime import Runtime
from shared.adapters.verification import Part, audited_tenants, verify_service
from shared.contracts.catalogue import SERVICES
from shared.kernel.errors import SuyuanError

FAULTS: Mapping[Fault, tuple[str, str]] = {
    "hash_differs": ("内容与其哈希不符", "its content is not what its hash says"),
    "position_missing": ("事件缺失", "the event is missing"),
    "position_forged": ("多出的事件", "an event stands where none may"),
    "columns_differ": ("列与事件内容不符", "a column says other than the event itself"),
    "unreadable": ("无法读取", "it can't be read"),
    "head_differs": ("链头与日志不符", "the head is not that of the log"),
    "tail_cut": ("已签名的事件被截去", "events that were signed for are cut off"),
    "signed_head_differs": ("与已签名的链头不符", "it is not what was signed for"),
    "signature_invalid": ("链头签名无效", "the signature of the head is not ours"),
    "head_line_damaged": ("链头文件的一行已损坏", "a line of the signed heads is damaged"),
    "heads_unreadable": ("链头文件无法读取", "the file of signed heads can't be read"),
    "heads_missing": ("链头文件缺失", "the file of signed heads is missing"),
    "heads_behind": ("链头落后于日志，超出签名间隔", "signed heads lag behind the log for longer than signing takes"),
    "heads_removed": ("副本中的链头已从文件中删除", "a head that the copy holds was removed from the file"),
    "facts_differ": ("事实与其批次不符", "facts are not those of their batch"),
    "blob_missing": ("文件缺失", "a file is missing"),
    "blob_differs": ("文件被改动", "a file was changed"),
    "blob_unreadable": ("文件无法读取", "a file can't be read"),
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


@dataclass(eq=False, kw_only=True)
class NoHeads(SuyuanError):
    exit_code: ClassVar[int] = NOT_FOUND
    zh: ClassVar[str] = "{folder} 中没有链头文件（<服务>.ndjson）"
    en: ClassVar[str] = "There are no heads (<service>.ndjson) in {folder}"
    folder: Path


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
    parser.add_argument(
        "--heads",
        type=Path,
        help="另处保存的链头文件夹（<服务>.ndjson） · a folder of heads kept elsewhere (<service>.ndjson)",
    )
    add_kafka(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="每个日志一行 JSON · one JSON line a log")


def run(arguments: Arguments) -> int:
    """0: whole; 3: something is not what it was; 4: there is no such tenant."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    english = language() == "en"
    judged = await (_of_folder(arguments, english=english) if arguments.kafka is None else _of_topics(arguments))
    if arguments.json:
        _print_json(judged)
    else:
        _print_table(judged, english=english)
    if arguments.tenant is not None and not judged:
        return NOT_FOUND
    return 0 if all(each.verdict.whole for each in judged) else TAMPERED


async def _of_topics(arguments: Arguments) -> list[Judged]:
    return [Judged(verdict, seconds) for verdict, seconds in await verdicts(arguments)]


async def _of_folder(arguments: Arguments, *, english: bool) -> list[Judged]:
    copies = _copies(arguments.heads)
    async with on_folder(arguments) as runtimes:
        logs = [
            (runtime, tenant)
            for service, runtime in runtimes.items()
            if arguments.service in (None, service)
            for tenant in await audited_tenants(runtime.resources, copies.get(service, ()))
            if arguments.tenant in (None, tenant)
        ]
        with long_work(silent=arguments.json) as progress:
            return [
                await _judged(runtime, tenant, progress, copies.get(runtime.name, ()), english=english)
                for runtime, tenant in logs
            ]


def _copies(folder: Path | None) -> Mapping[str, Sequence[HeadFile]]:
    """An auditor's own heads, by service. Raises NoHeads: a wrong folder would prove nothing and say whole."""
    if folder is None:
        return {}
    files = {service: [HeadFile(folder / f"{service}.ndjson")] for service in SERVICES}
    found = {service: held for service, held in files.items() if held[0].path.exists()}
    if not found:
        raise NoHeads(folder=folder)
    return found


async def _judged(
    runtime: Runtime, tenant: str, progress: Progress, copies: Sequence[HeadBook], *, english: bool
) -> Judged:
    began = time.monotonic()
    tasks = {part: progress.add_task(f"{tenant} {runtime.name} {PARTS[part][english]}", total=None) for part in PARTS}

    def seen(part: Part, done: int, total: int) -> None:
        progress.update(tasks[part], completed=done, total=total)

    verdict = await verify_service(runtime.resources, runtime.wired.anchors, tenant, seen, copies)
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
        table.add_row(*row, said(verdict, english=english), f"{each.rate:,.0f}", style=None if verdict.whole else "red")
    Console().print(table)


def said(verdict: Verdict, *, english: bool) -> str:
    """What is wrong and where, in a person's words."""
    if verdict.fault is None:
        return ("完好", "whole")[english]
    why = FAULTS[verdict.fault][english]
    at = verdict.bad_position
    where = why if at is None else (f"位置 {at}：{why}", f"position {at}: {why}")[english]
    return where if verdict.detail is None else f"{where}\n{verdict.detail}"


def _print_json(judged: list[Judged]) -> None:
    for each in judged:
        line = asdict(each.verdict) | {"whole": each.verdict.whole, "seconds": round(each.seconds, 3)}
        print(json.dumps(line, ensure_ascii=False))
