"""1,005 real tablet batches as exports: the original files where they serve as they are, and what had to be derived.

Žagar & Mihelič, Scientific Data 9, 99 (2022), doi 10.1038/s41597-022-01203-x, CC BY 4.0. As they come: the batches with
product code, strength, size and start month, the lots of the active ingredient and three excipients with their incoming
tests, in-process and release quality (Laboratory.csv); features of the tablet press (Process.csv).

Derived, and said so in mapping and manifest: lot names (prefix + number), the order (code / batch number; batch numbers
follow the start months within each code), every time (the first of the start month, UTC: the data has no day), the
press features' month (joined by batch). Synthetic: the few shipments. Not in the data, and not invented: receipts,
suppliers, people, quantities consumed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from deploy.demo.exports import Export, manifest_bytes
from deploy.demo.factory.catalogue import CARRIERS, DEALERS
from deploy.demo.factory.plan import Dice
from deploy.demo.factory.rows import COLUMNS, WMS, minute
from shared.kernel.errors import SuyuanError

BAD_FROM = Decimal("0.29")
"""Total impurities in % from which the demo calls a batch bad: 104 of the 1,005."""

_LABORATORY, _PROCESS = "Laboratory.csv", "Process.csv"
_FROM_LABORATORY = (
    "production_order",
    "genealogy",
    "incoming_inspection",
    "in_process_inspection",
    "final_inspection",
)
_FROM_PROCESS = ("operation", "equipment_parameter")
_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt", "nov", "dec")  # Slovene, as written
_SHIPPED_EVERY = 10  # besides the bad batches, which complaints are about


@dataclass(eq=False, kw_only=True)
class DataMissing(SuyuanError):
    zh: ClassVar[str] = "找不到真实数据文件 {path}：DATA 应指向含 pharma/ 的文件夹"
    en: ClassVar[str] = "The real data file {path} is not there: DATA should name the folder that holds pharma/"
    path: str


def read(data: Path, name: str = _LABORATORY) -> list[dict[str, str]]:
    """The rows of a file of `data`/pharma as they stand. Raises DataMissing."""
    path = data / "pharma" / name
    if not path.is_file():
        raise DataMissing(path=str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def lot_of(row: dict[str, str]) -> str:
    return f"TAB-{row['batch']}"


def is_bad(row: dict[str, str]) -> bool:
    return Decimal(row["impurities_total"]) >= BAD_FROM


def bad_lots(data: Path) -> tuple[str, ...]:
    """The lots with total impurities ≥ 0.29 %, in the order of their batch numbers. Raises DataMissing."""
    bad = [row for row in read(data) if is_bad(row)]
    return tuple(lot_of(row) for row in sorted(bad, key=lambda row: int(row["batch"])))


def write(data: Path, folder: Path, seed: int = 1) -> tuple[Export, ...]:
    """Exports over the original files of `data`/pharma, with the derived ones and a manifest written to `folder`."""
    laboratory, process = read(data), read(data, _PROCESS)
    folder.mkdir(parents=True, exist_ok=True)
    dated = _write(folder / "process-with-start.csv", ";", _with_start(laboratory, process))
    shipped = _write(folder / "shipment.csv", ",", _shipments(laboratory, seed))
    original = data / "pharma" / _LABORATORY
    exports = (
        *(_export(original, kind, len(laboratory)) for kind in _FROM_LABORATORY),
        *(_export(dated, kind, len(process), derived="start month joined by batch") for kind in _FROM_PROCESS),
        _export(shipped, "shipment", _shipped_rows(laboratory), derived="synthetic: not in the data", synthetic=True),
    )
    (folder / "manifest.json").write_bytes(manifest_bytes(exports, seed=seed, synthetic=False))
    return exports


def _export(path: Path, kind: str, rows: int, *, derived: str | None = None, synthetic: bool = False) -> Export:
    digest = sha256(path.read_bytes()).hexdigest()
    return Export(path, f"pharma-{kind.replace('_', '-')}", kind, rows, digest, synthetic, derived)


def _write(path: Path, delimiter: str, rows: Iterator[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


def _with_start(laboratory: list[dict[str, str]], process: list[dict[str, str]]) -> Iterator[list[str]]:
    starts = {row["batch"]: row["start"] for row in laboratory}
    yield [*process[0], "start"]
    for row in process:
        yield [*row.values(), starts[row["batch"]]]


def _is_shipped(row: dict[str, str]) -> bool:
    return is_bad(row) or int(row["batch"]) % _SHIPPED_EVERY == 0


def _shipped_rows(laboratory: list[dict[str, str]]) -> int:
    return 2 * sum(_is_shipped(row) for row in laboratory)


def _shipments(laboratory: list[dict[str, str]], seed: int) -> Iterator[list[str]]:
    """Two invented deliveries of half a batch each, to different dealers, some six weeks after the start month."""
    dice = Dice(seed, "pharma shipments")
    yield list(COLUMNS["shipment"])
    for row in sorted(laboratory, key=lambda row: int(row["batch"])):
        if not _is_shipped(row):
            continue
        first = dice.below(len(DEALERS))
        second = (first + 1 + dice.below(len(DEALERS) - 1)) % len(DEALERS)
        for turn, dealer in enumerate((DEALERS[first], DEALERS[second]), start=1):
            leaves = _month(row["start"]) + timedelta(days=45 + dice.below(20), minutes=480 + dice.below(480))
            what = (WMS, f"SH-{row['batch']}-{turn}", lot_of(row), f"TABLET-{row['code']}")
            to = (dealer.code, dealer.zh, dealer.region, dice.pick(CARRIERS))
            times = (minute(leaves), minute(leaves + timedelta(days=2)))
            yield [*what, *to, str(int(row["size"]) // 2), "tablets", *times]


def _month(start: str) -> datetime:
    """`maj.19` → 2019-05-01, local and naive as in an export."""
    name, _, year = start.partition(".")
    return datetime(2000 + int(year), _MONTHS.index(name) + 1, 1)  # noqa: DTZ001 - the mapping names the zone
