"""`python -m deploy serve SERVICE`: one service of the distributed system, until a signal asks to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys

import uvloop
from structlog.contextvars import bind_contextvars

from deploy.distributed.service import distributed
from deploy.distributed.settings import ServiceSettings
from deploy.serving import Ending, server_of
from shared.adapters.collector import collect_rarely
from shared.adapters.failpoints import arm
from shared.adapters.http.app import build_app
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.logging import configure


def run(
    service: str, settings: ServiceSettings, kafka: KafkaSettings, place: socket.socket, *, with_parent: bool
) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight is finished first. Raises what `distributed` raises.

    `with_parent`: also until standard input ends, which a supervisor holds open for as long as it lives.
    """
    configure(settings)
    bind_contextvars(service=service)
    arm(settings.failpoint)
    uvloop.run(_serve(service, settings, kafka, place, with_parent=with_parent))


async def _serve(
    service: str, settings: ServiceSettings, kafka: KafkaSettings, place: socket.socket, *, with_parent: bool
) -> None:
    ending = Ending.of_this_task()
    if with_parent:
        _end_with_parent(ending)
    async with distributed(service, settings, kafka) as runtime:
        app = build_app([runtime], settings)
        collect_rarely()
        server = server_of(app)
        ending.serve(server)
        await server.serve(sockets=[place])


def _end_with_parent(ending: Ending) -> None:
    loop, handle = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        if not os.read(handle, 1):
            loop.remove_reader(handle)
            ending.ask()

    loop.add_reader(handle, look)
