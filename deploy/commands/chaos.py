"""Kill at random while clients write, and check every invariant after each time."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from deploy.chaos.invariants import Findings
from deploy.chaos.run import run as run_cycles
from deploy.cli import Arguments

HARMED = 6


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="只输出一行 JSON · print one JSON line only")


def run(arguments: Arguments) -> int:
    """6 where anything acknowledged was lost, took effect twice, left a gap, or a view differs from the log."""

    def progress(cycle: int, how: str, findings: Findings) -> None:
        if not arguments.json:
            print(f"{cycle}/{arguments.cycles} {how}: {'✓' if not findings.harmed else findings.said[:5]}", flush=True)

    with tempfile.TemporaryDirectory(prefix="suyuan-chaos-") as scratch:
        outcome = asyncio.run(run_cycles(Path(scratch) / "data", arguments.cycles, arguments.seed, progress))
    found = outcome.findings
    for line in found.said:
        print(line, file=sys.stderr)
    summary = {
        "cycles": outcome.cycles,
        "acknowledged": outcome.acknowledged,
        "lost": found.lost,
        "double": found.double,
        "gaps": found.gaps,
        "view_mismatches": found.view_mismatches,
    }
    print(json.dumps(summary))
    return HARMED if found.harmed else 0
