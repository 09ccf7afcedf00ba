"""The factory's exports: rows as a stream in bounded memory, or one CSV per kind with manifest and truth."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO

from deploy.demo.exports import Export, manifest_bytes
from deploy.demo.factory import mes, srm, wms
from deploy.demo.factory.lots import CompoundLot, FinishedLot, SealLot, history
from deploy.demo.factory.plan import Dice, Plan
from deploy.demo.factory.rows import COLUMNS, Row
from deploy.demo.factory.supply import RawLot
from deploy.demo.factory.truth import truth

_CHUNK = 1 << 20


def rows(plan: Plan) -> Iterator[Row]:
    """Every row of every export, in the order in which things happened. Memory doesn't grow with `plan.lots`."""
    yield from mes.qualifications(plan)
    dice = Dice(plan.seed, "records")
    for one in history(plan):
        match one:
            case RawLot():
                yield from srm.received(one, dice)
                yield from wms.stored(one)
            case CompoundLot():
                yield from mes.compounded(one, dice)
            case SealLot():
                yield from mes.cured(one, dice)
            case FinishedLot():
                yield from mes.finished(one, dice)
                yield from wms.finished(one, dice)


def mapping_name(kind: str) -> str:
    return f"syn-{kind.replace('_', '-')}"


def write(plan: Plan, folder: Path) -> tuple[Export, ...]:
    """Write `<kind>.csv` for each kind, `manifest.json`, and `truth.json` (what was planted; not an export)."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(COLUMNS, 0)
    with ExitStack() as open_files:
        writers = {}
        for kind, columns in COLUMNS.items():
            file: IO[str] = open_files.enter_context((folder / f"{kind}.csv").open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writers[kind] = writer.writerow
        for kind, values in rows(plan):
            writers[kind](values)
            counts[kind] += 1
    exports = tuple(
        Export(folder / f"{kind}.csv", mapping_name(kind), kind, count, _digest(folder / f"{kind}.csv"), synthetic=True)
        for kind, count in counts.items()
    )
    (folder / "manifest.json").write_bytes(manifest_bytes(exports, plan=asdict(plan), synthetic=True))
    answer = json.dumps(asdict(truth(plan)), default=str, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_bytes(answer.encode() + b"\n")
    return exports


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
