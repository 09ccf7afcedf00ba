"""Postgres and Kafka in containers, where a Docker engine answers; the same tests run on either."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

import asyncpg
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from deploy.embedded.postgres import SUPERUSER, ConnectArgs
from deploy.kafka.ports import NodePorts
from deploy.kafka.ready import answers

POSTGRES, KAFKA = "postgres:17-trixie", "apache/kafka:4.3.0"
LOOPBACK = "127.0.0.1"
READY_SECONDS = 90.0


@cache
def engine_answers() -> bool:
    """Asked as the API has it (GET /_ping), without the library: it leaves its socket open where nobody answers."""
    where = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        with _connected(where) as engine:
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(200)
    except OSError:
        return False


def _connected(where: SplitResult) -> socket.socket:
    if where.scheme != "unix":
        return socket.create_connection((where.hostname or LOOPBACK, where.port or 2375), timeout=5)
    engine = socket.socket(socket.AF_UNIX)
    try:
        engine.connect(where.path)
    except OSError:
        engine.close()
        raise
    return engine


@dataclass(frozen=True)
class ContainedPostgres:
    """As the embedded one: anybody who reaches it may be anybody, and only this machine reaches it."""

    port: int

    def dsn(self, database: str, user: str) -> ConnectArgs:
        return ConnectArgs(host=LOOPBACK, port=self.port, database=database, user=user)


@dataclass(frozen=True)
class ContainedKafka:
    bootstrap: str


@asynccontextmanager
async def postgres_container() -> AsyncIterator[ContainedPostgres]:
    container = PostgresContainer(POSTGRES, username=SUPERUSER, password="unused", dbname="postgres", driver=None)
    container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust").with_command("postgres -c max_connections=300")
    await asyncio.to_thread(container.start)
    try:
        running = ContainedPostgres(int(container.get_exposed_port(5432)))
        async with asyncio.timeout(READY_SECONDS):
            while not await _connects(running):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)
        yield running
    finally:
        await asyncio.to_thread(container.stop)


async def _connects(running: ContainedPostgres) -> bool:
    try:
        await (await asyncpg.connect(**running.dsn("postgres", SUPERUSER))).close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


@asynccontextmanager
async def kafka_container() -> AsyncIterator[ContainedKafka]:
    port = _free_port()
    container = DockerContainer(KAFKA).with_bind_ports(9092, port)
    for name, value in {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093,INSIDE://:9094",
        # a coordinator reaches the broker from within the container, where our port isn't
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port},INSIDE://localhost:9094",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INSIDE",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }.items():
        container.with_env(name, value)
    await asyncio.to_thread(container.start)
    try:
        bootstrap = f"{LOOPBACK}:{port}"
        async with asyncio.timeout(READY_SECONDS):
            while not await answers(NodePorts(client=port, internal=port, controller=port), {1}):
                pass
        yield ContainedKafka(bootstrap)
    finally:
        await asyncio.to_thread(container.stop)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port
