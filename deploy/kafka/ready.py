"""Whether a broker serves, asked of the broker itself."""

from __future__ import annotations

import asyncio
import socket

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.kafka.ports import LOOPBACK, NodePorts

ANSWER_MS = 5_000
LOOK_SECONDS = 0.05


async def answers(ports: NodePorts, brokers: set[int]) -> bool:
    """Whether this node's own answer names all these brokers: an elected controller has let each of them serve.

    A moment passes where it doesn't, so that it can be asked in a loop.
    """
    if not all(map(_listens, (ports.internal, ports.client))):  # a client would write each refusal into our log
        await asyncio.sleep(LOOK_SECONDS)
        return False
    client = AIOKafkaClient(bootstrap_servers=f"{LOOPBACK}:{ports.internal}", request_timeout_ms=ANSWER_MS)
    try:
        await client.bootstrap()
        if brokers <= {broker.nodeId for broker in client.cluster.brokers()} and client.cluster.controller is not None:
            return True
    except (KafkaError, OSError):
        pass
    finally:
        await client.close()
    await asyncio.sleep(LOOK_SECONDS)
    return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
