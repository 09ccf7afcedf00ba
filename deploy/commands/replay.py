"""A case's history for a person, across the services: what happened, when, by whom, why."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress

from deploy.cli import Arguments, add_folder, language
from deploy.embedded.attach import attached
from deploy.settings import settings_for
from shared.adapters.privacy import sealed_texts, with_opened
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import EVENT_TYPES, SERVICES
from shared.kernel.recorded import Recorded

NOT_FOUND = 4
PAGE = 1000
LONG = 160
_REFERENCES = ("complaint_id", "investigation_id", "capa_id", "complaints", "root_cause_id", "batch_id")
_FOLLOWED = {"complaint_id": "complaint", "investigation_id": "investigation", "capa_id": "capa"}


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("case", help="编号或 id，如 C2026-000001 · a number or id")
    parser.add_argument("--tenant", default="demo")
    parser.add_argument("--language", choices=("zh-CN", "en"), default=None)
    parser.add_argument("--as-of", type=datetime.fromisoformat, help="只到该时点（带时区） · as known at that time")
    parser.add_argument("--json", action="store_true", help="NDJSON")


def run(arguments: Arguments) -> int:
    """4 where there is no such case."""
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    spoken = arguments.language or language()
    async with attached(settings_for(arguments)) as runtimes:
        with Progress(disable=arguments.json, transient=True) as progress:
            task = progress.add_task("…", total=None)
            logs = {s: await _log(runtimes[s], arguments.tenant, arguments.as_of) for s in SERVICES}
            progress.update(task, completed=1, total=1)
        streams = _streams(arguments.case, logs)
        if not streams:
            print(f"找不到案件 {arguments.case} · there is no case {arguments.case}", file=sys.stderr)
            return NOT_FOUND
        events = [(s, r) for s, log in logs.items() for r in log if r.meta.stream in streams]
        for service, recorded in sorted(events, key=lambda one: (one[1].recorded_at, one[0], one[1].position)):
            data = await _opened(runtimes[service], arguments.tenant, recorded, spoken)
            _print_json(service, recorded, data) if arguments.json else _print_line(service, recorded, data, spoken)
    return 0


async def _log(runtime: Runtime, tenant: str, as_of: datetime | None) -> list[Recorded]:
    found: list[Recorded] = []
    while batch := await runtime.resources.log.read(tenant, len(found), PAGE):
        found += batch
    return found if as_of is None else [r for r in found if r.recorded_at <= as_of]


def _streams(case: str, logs: Mapping[str, list[Recorded]]) -> set[str]:
    """The case's own stream and those that its events refer to, until no more are found."""
    known = {
        r.meta.stream
        for log in logs.values()
        for r in log
        if case in (r.meta.stream, r.meta.stream.partition("-")[2]) or case in r.data.values()
    }
    known = {stream for stream in known if stream.partition("-")[0] in _FOLLOWED.values()}
    refers: dict[str, set[str]] = {}
    for log in logs.values():
        for r in log:
            refers.setdefault(r.meta.stream, set()).update(_referred(r.data))
    pending = set(known)
    while pending:
        found = {to for stream in pending for to in refers.get(stream, ())} - known
        known |= found
        pending = found
    return known


def _referred(data: Mapping[str, Any]) -> set[str]:
    return {f"{category}-{data[name]}" for name, category in _FOLLOWED.items() if isinstance(data.get(name), str)}


async def _opened(runtime: Runtime, tenant: str, recorded: Recorded, spoken: str) -> dict[str, Any]:
    data = recorded.data
    said = await runtime.resources.vault.open(tenant, set(sealed_texts(data)), spoken)
    opened: dict[str, Any] = with_opened(data, said)
    return opened


def _print_line(service: str, recorded: Recorded, data: Mapping[str, Any], spoken: str) -> None:
    meta, kind = recorded.meta, EVENT_TYPES.get(recorded.meta.type)
    title = meta.type if kind is None else kind.zh if spoken.startswith("zh") else kind.en
    who = meta.actor.subject + (f" ⇐ {meta.actor.on_behalf_of}" if meta.actor.on_behalf_of else "")
    console = Console(highlight=False)
    when = recorded.recorded_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    console.print(f"[dim]{when}[/] [cyan]{service}:{recorded.position}[/] [bold]{title}[/] [dim]{who}[/]")
    if meta.reason:
        console.print(f"    「{meta.reason}」", markup=False)
    for name, value in data.items():
        if value not in (None, [], "", {}) and name not in _REFERENCES:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            console.print(f"    {name}: {text[:LONG]}{'…' if len(text) > LONG else ''}", markup=False)


def _print_json(service: str, recorded: Recorded, data: Mapping[str, Any]) -> None:
    meta = msgspec.to_builtins(recorded.meta)
    line = {"service": service, "position": recorded.position, "hash": recorded.hash.hex(), "meta": meta, "data": data}
    print(json.dumps(line, ensure_ascii=False))
