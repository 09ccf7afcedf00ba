"""`python -m benchmarks [--only NAME …] [--seconds N]`: every measurement beside its reference, in one run."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.rig import Rig, Row, Rows, rig
from shared.adapters.collector import collect_rarely

MEASUREMENTS = (
    "append",
    "latency",
    "http",
    "replay",
    "projection",
    "verify",
    "visibility",
    "facts",
    "localisation",
    "cold_start",
    "memory",
    "relay",
    "through_kafka",
    "visibility_through_kafka",
    "service_memory",
    "analytics",
    "outage",
)
RESULTS = Path(__file__).parent / "results.json"
WIDE = 160
"""Columns where there is no terminal: narrower, the table shows names and no figures."""


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _table(rows: Rows) -> Table:
    table = Table(title="溯源 · Suyuan, beside its references", caption=_machine())
    for heading in ("what", "ours", "reference", "unit", "ratio", "goal", "met"):
        table.add_column(heading, justify="left" if heading in {"what", "unit", "goal"} else "right", no_wrap=True)
    for name, row in rows.items():
        met = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]skipped[/]"}[row["met"]]
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f}×"
        table.add_row(name, _figure(row["ours"]), _figure(row["reference"]), row["unit"], ratio, row["goal"], met)
    return table


def _machine() -> str:
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores; load averages at the end {load}"


async def _measured(names: list[str], seconds: float, say: Callable[[str], None]) -> Rows:
    rows: Rows = {}
    async with rig(seconds) as ground:
        for name in names:
            say(f"{name} …")
            measure: Callable[[Rig], Awaitable[dict[str, Row]]] = import_module(f"benchmarks.{name}").measure
            rows |= await measure(ground)
    return rows


def _kept(rows: Rows, *, partial: bool) -> Rows:
    """After a run of some measurements the others' last figures stay."""
    known: Rows = json.loads(RESULTS.read_text(encoding="utf-8")) if partial and RESULTS.exists() else {}
    return known | rows


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--seconds", type=float, default=3.0, help="one turn of a measurement (default 3)")
    told = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    collect_rarely()  # as the server does; ours and the references alike
    rows = uvloop.run(_measured(told.only or list(MEASUREMENTS), told.seconds, console.log))
    console.print(_table(rows))
    kept = _kept(rows, partial=told.only is not None)
    RESULTS.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    missed = [name for name, row in rows.items() if row["met"] is False]
    console.print(f"{len(missed)} of {len(rows)} miss their goal" + "".join(f"\n  {name}" for name in missed))


if __name__ == "__main__":
    main()
