"""Serve one service of the distributed system."""

from __future__ import annotations

from argparse import ArgumentParser

from deploy.cli import Arguments
from deploy.distributed.serve import run as serve
from deploy.distributed.settings import ServiceSettings
from deploy.serving import LOOPBACK, listening
from shared.adapters.kafka.settings import KafkaSettings
from shared.contracts.catalogue import SERVICES

DEFAULT_PORT = 8000


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--host", default=LOOPBACK, help="监听地址 · the address to listen on")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="端口，0 为任意空闲端口 · the port, 0 for any free one"
    )
    parser.add_argument("--with-parent", action="store_true", help="标准输入关闭时结束 · end when standard input ends")


def run(arguments: Arguments) -> None:
    """All else comes from the environment: SUYUAN_DATABASE_URL, SUYUAN_KAFKA_BOOTSTRAP and so on."""
    settings = ServiceSettings(mode="distributed")
    place = listening(arguments.port, arguments.host)
    serve(arguments.service, settings, KafkaSettings(), place, with_parent=arguments.with_parent)
