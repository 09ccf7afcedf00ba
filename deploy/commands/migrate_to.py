"""Move an embedded folder's data into a distributed system: docker compose's, or a company's Kafka and Postgres."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.cli import USAGE_EXIT, Arguments, add_folder, language
from deploy.commands.long_work import long_work
from deploy.commands.verify import said
from deploy.moving.move import Outcome, move
from deploy.moving.targets import Target, of_compose, of_files, target_of
from deploy.outcomes import TAMPERED
from deploy.settings import settings_for
from shared.adapters.logging import configure
from shared.contracts.catalogue import SERVICES

_COLUMNS = (("租户", "tenant"), ("服务", "service"), ("事件", "events"), ("末位哈希", "last hash"), ("结论", "verdict"))

_NOT_COPIED = ("来源不完好，未复制任何内容", "the source isn't whole: nothing was copied")
_DONE = (
    "已迁入，与来源逐行相同，链已重算。来源未改动：请保留到新系统通过 verify --kafka 为止，勿再启动",
    "moved, row by row the same, chains recomputed; keep the source until verify --kafka is passed, don't serve it",
)


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--env-of",
        type=_env_of,
        action="append",
        metavar="SERVICE=FILE",
        help="服务的环境变量文件，四个服务各一 · the env file that a service is served with, one for each of the four",
    )
    where.add_argument(
        "--compose", type=Path, metavar="FILE", help="docker-compose.yml 所用的 .env · the .env of docker-compose.yml"
    )
    parser.add_argument(
        "--postgres", metavar="HOST:PORT", help="compose 的 Postgres 的地址 · where compose's Postgres is"
    )
    parser.add_argument("--blobs", type=Path, help="从本机看目标的 SUYUAN_BLOBS_DIR · that folder as reached from here")
    parser.add_argument("--heads", type=Path, help="从本机看目标的 SUYUAN_HEADS_DIR · that folder as reached from here")


def run(arguments: Arguments) -> int:
    """3: the source isn't whole and nothing was copied, or what came out isn't. 12, 22-25, 31, 45-48: refused."""
    wrong = _misused(arguments)
    if wrong is not None:
        print(wrong, file=sys.stderr)
        return USAGE_EXIT
    settings = settings_for(arguments)
    configure(settings)
    with tempfile.TemporaryDirectory(prefix="suyuan-move-") as scratch:  # ours alone, gone before the work begins: keys
        targets = _targets(arguments, Path(scratch))
    return asyncio.run(_run(settings.data_dir.absolute(), targets))


def _misused(arguments: Arguments) -> str | None:
    if arguments.compose is not None and not (arguments.postgres and arguments.blobs and arguments.heads):
        return "--compose 还需要 --postgres、--blobs、--heads · needs --postgres, --blobs and --heads too"
    given = [service for service, _ in arguments.env_of or ()]
    if arguments.env_of is not None and sorted(given) != sorted(SERVICES):
        return f"--env-of 须恰好给出四个服务 · wants each of {', '.join(SERVICES)} once"
    return None


def _env_of(word: str) -> tuple[str, Path]:
    service, _, file = word.partition("=")
    if service not in SERVICES or not file:
        raise argparse.ArgumentTypeError(f"SERVICE=FILE, SERVICE one of {', '.join(SERVICES)}")
    return service, Path(file)


def _targets(arguments: Arguments, scratch: Path) -> Mapping[str, Target]:
    elsewhere = {"blobs_dir": arguments.blobs, "heads_dir": arguments.heads}
    reached = {name: folder for name, folder in elsewhere.items() if folder is not None}
    files = dict(arguments.env_of or ()) or dict.fromkeys(SERVICES, arguments.compose)
    told = of_files(files) if arguments.compose is None else of_compose(arguments.compose, arguments.postgres)
    return {service: target_of(service, told[service], files[service], scratch, reached) for service in SERVICES}


async def _run(folder: Path, targets: Mapping[str, Target]) -> int:
    english = language() == "en"
    with long_work() as progress:
        outcome = await move(folder, targets, progress, lambda zh, en: print((zh, en)[english], flush=True))
    _print(outcome, english=english)
    return 0 if all(verdict.whole for verdict in outcome.verdicts) else TAMPERED


def _print(outcome: Outcome, *, english: bool) -> None:
    table = Table(*(names[english] for names in _COLUMNS))
    for verdict in sorted(outcome.verdicts, key=lambda each: (each.tenant, each.service)):
        row = (verdict.tenant, verdict.service, str(verdict.events), verdict.head[:16], said(verdict, english=english))
        table.add_row(*row, style=None if verdict.whole else "red")
    Console().print(table)
    if not outcome.is_copied:
        print(_NOT_COPIED[english])
    elif all(verdict.whole for verdict in outcome.verdicts):
        print(_DONE[english])
