"""Let a throwaway system die again and again while clients write, and check every invariant after each time."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.chaos.findings import counted
from deploy.chaos.run import Outcome, Progress
from deploy.chaos.run import run as run_cycles
from deploy.cli import USAGE_EXIT, Arguments, language

HARMED = 7
SHOWN = 20


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cycles", type=int, default=20, help="轮数（默认 20） · how many cycles (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 · seed of what is done when")
    parser.add_argument("--kafka", action="store_true", help="四个进程经 Kafka 相连 · four processes joined by Kafka")
    parser.add_argument(
        "--data-dir", type=Path, help="新建的一次性文件夹，结束后保留 · a new folder to throw away, kept at the end"
    )
    parser.add_argument("--json", action="store_true", help="结果为一行 JSON · the result as one JSON line")


def run(arguments: Arguments) -> int:
    """7 where anything acknowledged was lost, took effect twice, left a gap, or a view differs from its fold."""
    if arguments.data_dir is not None and arguments.data_dir.exists() and any(arguments.data_dir.iterdir()):
        print(f"{arguments.data_dir} 不是空文件夹 · is not an empty folder", file=sys.stderr)
        return USAGE_EXIT
    with _folder(arguments.data_dir) as folder:
        progress = _progress(arguments.cycles, language().startswith("zh"))
        outcome = asyncio.run(run_cycles(folder, arguments.cycles, arguments.seed, progress, kafka=arguments.kafka))
    for finding in outcome.findings[:SHOWN]:
        print(finding, file=sys.stderr)
    for fault in outcome.journal.faults[:SHOWN]:
        print("500:", fault, file=sys.stderr)
    summary: dict[str, int] = {"cycles": outcome.cycles, "acknowledged": len(outcome.journal.acknowledged)}
    summary.update(counted(outcome.findings))
    print(json.dumps(summary) if arguments.json else "\n".join(f"{name}: {value}" for name, value in summary.items()))
    return HARMED if outcome.findings else 0


@contextmanager
def _folder(told: Path | None) -> Iterator[Path]:
    if told is not None:
        told.mkdir(parents=True, exist_ok=True)
        yield told / "data"
        return
    with tempfile.TemporaryDirectory(prefix="suyuan-chaos-") as scratch:
        yield Path(scratch) / "data"


def _progress(cycles: int, zh: bool) -> Progress:
    """A line for a person after each cycle, on standard error."""
    began = time.monotonic()

    def said(cycle: int, done: str, outcome: Outcome) -> None:
        writes, told = len(outcome.journal.writes), len(outcome.journal.acknowledged)
        seconds = time.monotonic() - began
        harmed = len(outcome.findings)
        line = (
            f"{done}：写入 {writes}，确认 {told}，损害 {harmed}，{seconds:.0f} 秒"
            if zh
            else f"{done}: {writes} writes, {told} acknowledged, {harmed} harmed, {seconds:.0f} s"
        )
        print(f"{cycle}/{cycles}  {line}", file=sys.stderr, flush=True)

    return said
