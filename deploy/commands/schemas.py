"""Generate the JSON Schemas of the events, or check that the committed ones are in step."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path

from deploy.cli import Arguments
from deploy.commands.generated import ROOT, in_step, write
from shared.kernel.schemas import breaks, schemas

FOLDER = Path("shared/contracts/schemas")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="只检查是否一致 · only check")


def run(arguments: Arguments) -> int:
    """Refuses to write a schema that a reader of the committed one, of the same version, could not take."""
    made = schemas()
    files = {
        FOLDER / name: json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        for name, schema in made.items()
    }
    broken = [
        f"{path.name}: {problem}"
        for path in files
        if (ROOT / path).exists()
        for problem in breaks(json.loads((ROOT / path).read_text(encoding="utf-8")), made[path.name])
    ]
    for problem in broken:
        print(f"不兼容，需要新的模式版本 · needs a new schema version: {problem}", file=sys.stderr)
    if broken:
        return 1
    return in_step(files, "make schemas") if arguments.check else write(files)
