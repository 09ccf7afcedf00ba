"""Generate the AsyncAPI document of what is on Kafka, or check that the committed one is in step."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from deploy.asyncapi.document import document
from deploy.cli import Arguments
from deploy.commands.generated import in_step, write

FILE = Path("docs/asyncapi.json")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="只检查是否一致 · only check")


def run(arguments: Arguments) -> int:
    files = {FILE: text()}
    return in_step(files, "make asyncapi") if arguments.check else write(files)


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
