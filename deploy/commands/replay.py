"""A case's history for a person, across the services: what happened, when, by whom, why, and what changed."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from deploy.cli import USAGE_EXIT, Arguments, add_folder, language
from deploy.commands.case import REFERENCES, Case, Told, category
from deploy.commands.from_topics import add_kafka, replay
from deploy.commands.long_work import long_work
from deploy.commands.on_folder import on_folder
from deploy.outcomes import NOT_FOUND
from shared.adapters.privacy import sealed_texts, with_opened
from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import EVENT_TYPES, SERVICES

LONG = 160
_EMPTY: tuple[Any, ...] = (None, [], "", {})


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument("case", nargs="?", help="编号或 id，如 C2026-000001 · a number or id")
    parser.add_argument("--tenant", help="默认 demo；读主题时默认全部 · demo unless told; of topics all")
    add_kafka(parser)
    parser.add_argument("--stream", help="只要一个流（读主题时） · one stream only, of topics")
    parser.add_argument("--to", type=Path, metavar="FILE", help="写入文件（读主题时） · into a file, of topics")
    parser.add_argument("--service", choices=SERVICES, help="只看一个服务的事件 · one service's events only")
    parser.add_argument("--language", choices=("zh-CN", "en"), default=None)
    parser.add_argument(
        "--as-of",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="只到该时点（无时区则为本地） · as known at that time",
    )
    parser.add_argument("--json", action="store_true", help="NDJSON")


def run(arguments: Arguments) -> int:
    """4: there is no such case; 3: a topic's history doesn't hold."""
    if arguments.kafka is not None:
        return asyncio.run(replay(arguments))
    if arguments.case is None:
        print("请给出案件编号，或用 --kafka 读主题 · name a case, or read the topics with --kafka", file=sys.stderr)
        return USAGE_EXIT
    arguments.tenant = arguments.tenant or "demo"
    return asyncio.run(_run(arguments))


async def _run(arguments: Arguments) -> int:
    spoken = arguments.language or language()
    moment = arguments.as_of.astimezone() if arguments.as_of else None
    async with on_folder(arguments) as runtimes:
        with long_work(silent=arguments.json) as progress:
            progress.add_task("查找 · looking", total=None)
            case = await Case.known(runtimes, arguments.tenant, moment)
            history = await case.history(arguments.case)
        if not history:
            print(f"找不到案件 {arguments.case} · there is no case {arguments.case}", file=sys.stderr)
            return NOT_FOUND
        console = Console(highlight=False, soft_wrap=True)
        with long_work(silent=arguments.json or console.is_terminal) as progress:  # printing shows how far it is
            for one in progress.track(history, description=arguments.case):
                if arguments.service in (None, one.service):
                    data = await _opened(runtimes[one.service], arguments.tenant, one, spoken)
                    print(_line(one, data)) if arguments.json else _tell(console, one, data, spoken)
    return 0


async def _opened(runtime: Runtime, tenant: str, one: Told, spoken: str) -> dict[str, Any]:
    data = one.recorded.data
    said = await runtime.resources.vault.open(tenant, set(sealed_texts(data)), spoken)
    opened: dict[str, Any] = with_opened(data, said)
    return opened


def _tell(console: Console, one: Told, data: Mapping[str, Any], spoken: str) -> None:
    meta, kind = one.recorded.meta, EVENT_TYPES.get(one.recorded.meta.type)
    title = meta.type if kind is None else kind.zh if spoken.startswith("zh") else kind.en
    who = meta.actor.subject + (f" ⇐ {meta.actor.on_behalf_of}" if meta.actor.on_behalf_of else "")
    when = one.recorded.recorded_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    place = f"{one.service}:{one.recorded.position}"
    console.print(Text.assemble((when, "dim"), " ", (place, "cyan"), " ", (title, "bold"), " ", (who, "dim")))
    if meta.reason:
        console.print(Text(f"    「{meta.reason}」"))
    for name, value in data.items():
        if value not in _EMPTY and REFERENCES.get(name) != category(meta.stream):
            console.print(Text(f"    {name}: {_short(value)}"))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _line(one: Told, data: Mapping[str, Any]) -> str:
    recorded = one.recorded
    place = {"service": one.service, "position": recorded.position, "recorded_at": recorded.recorded_at.isoformat()}
    meta = msgspec.to_builtins(recorded.meta)
    return json.dumps({**place, "hash": recorded.hash.hex(), "meta": meta, "data": data}, ensure_ascii=False)
