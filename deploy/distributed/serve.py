"""`python -m deploy serve SERVICE`: one service of the distributed system, until a signal asks to stop."""

from __future__ import annotations

import socket

import uvloop

from deploy.distributed.service import distributed
from deploy.distributed.settings import ServiceSettings
from deploy.serving import Ending, listening, server_of
from shared.adapters.collector import collect_rarely
from shared.adapters.failpoints import arm
from shared.adapters.http.app import build_app
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.logging import configure


def run(service: str, settings: ServiceSettings, kafka: KafkaSettings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight is finished first. Raises what `distributed` raises."""
    configure(settings)
    arm(settings.failpoint)
    uvloop.run(_serve(service, settings, kafka, listening(port, host)))


async def _serve(service: str, settings: ServiceSettings, kafka: KafkaSettings, place: socket.socket) -> None:
    ending = Ending.of_this_task()
    async with distributed(service, settings, kafka) as runtime:
        app = build_app([runtime], settings)
        collect_rarely()
        server = server_of(app)
        ending.serve(server)
        await server.serve(sockets=[place])
