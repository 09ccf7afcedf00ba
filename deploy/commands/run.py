"""Serve the whole system: in one process, or as four with a Kafka between them."""

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

    parser.add_argument(
        "--kafka",
        nargs="?",
        const="",
        metavar="HOST:PORT,…",
        help="四个进程经 Kafka 相连；不给地址则在本机启动 · four processes joined by Kafka, a local one unless named",
    )


def run(arguments: Arguments) -> None:
    settings = settings_for(arguments)
    if arguments.kafka is None:
        serve(settings, arguments.port)
        return
    from deploy.distributed.supervisor import run as supervise  # noqa: PLC0415 - what is not run is not loaded

    supervise(settings, arguments.port, arguments.kafka or None)
