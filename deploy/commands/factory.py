"""Write the synthetic factory's exports and their mappings, to try the import with."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from deploy.cli import Arguments
from deploy.demo.factory import SMALL, Plan
from deploy.demo.handed import hand_over

MOST_LOTS = 1_000_000


def _lots(word: str) -> int:
    lots = int(word) if word.isascii() and word.isdecimal() else 0
    if not 1 <= lots <= MOST_LOTS:
        raise ArgumentTypeError(f"应为 1 至 {MOST_LOTS} · should be 1 to {MOST_LOTS}")
    return lots


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="新的或空的文件夹 · a new or empty one"
    )
    parser.add_argument(
        "--lots", type=_lots, default=SMALL.lots, help="成品批数（默认 300） · finished lots (default 300)"
    )
    parser.add_argument("--seed", type=int, default=SMALL.seed, help="合成工厂的种子 · seed of the synthetic factory")


def run(arguments: Arguments) -> None:
    exports = hand_over(Plan(seed=arguments.seed, lots=arguments.lots), arguments.out)
    rows = sum(export.rows for export in exports)
    print(f"已在 {arguments.out} 写入 {len(exports)} 个导出文件及其映射（{rows} 行，合成数据），见其中的 README.md")
    print(
        f"{len(exports)} exports with mappings written to {arguments.out} ({rows} rows, synthetic), see README.md there"
    )
