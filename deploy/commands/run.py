"""Serve the whole system."""

from __future__ import annotations

from argparse import ArgumentParser

from deploy.cli import Arguments, add_folder
from deploy.embedded.serve import run as serve
from deploy.settings import settings_for

DEFAULT_PORT = 8080


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="端口，0 为任意空闲端口 · the port, 0 for any free one"
    )


def run(arguments: Arguments) -> None:
    serve(settings_for(arguments), arguments.port)
