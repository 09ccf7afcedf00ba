"""Generate the merged OpenAPI document, or check that the committed one is in step."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.cli import Arguments
from deploy.commands.generated import in_step, write
from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings
from shared.adapters.http.app import build_app

FILE = Path("docs/openapi.json")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="只检查是否一致 · only check")


def run(arguments: Arguments) -> int:
    files = {FILE: document()}
    return in_step(files, "make openapi") if arguments.check else write(files)


def document() -> str:
    """The document of all four services in one, without a database."""
    with TemporaryDirectory() as folder:
        settings = embedded_settings(Path(folder))
        app = build_app(list(unconnected(settings).values()), settings)
        return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
