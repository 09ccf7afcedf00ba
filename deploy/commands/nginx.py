"""Generate the gateway's nginx configuration, or check that the committed one is in step with the routes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.cli import Arguments
from deploy.commands.generated import in_step, write
from deploy.embedded.system import unconnected
from deploy.gateway.nginx import configuration
from deploy.gateway.table import table_of
from deploy.settings import embedded_settings

FILE = Path("deploy/docker/nginx.conf")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="只检查是否一致 · only check")


def run(arguments: Arguments) -> int:
    files = {FILE: text()}
    return in_step(files, "make nginx") if arguments.check else write(files)


def text() -> str:
    """The configuration, without a database."""
    with TemporaryDirectory() as folder:
        settings = embedded_settings(Path(folder))
        return configuration(table_of(unconnected(settings).values()), settings)
