"""`python -m deploy run --kafka`: the distributed system on one machine, without Docker.

A Kafka of our own (or a given one), the embedded Postgres with a database and a role a service, four service processes
joined by topics alone, and a gateway before them. The folder is that of `run`: the same data, served either way.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from secrets import token_bytes
from urllib.parse import quote

import uvloop

from deploy.distributed.child import ServiceProcess, armed
from deploy.embedded.databases import OWNER, ensure_service_database
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.serve import DEATHS_ALLOWED, DEATHS_SECONDS, KeepsDying
from deploy.embedded.shredding import keep_shredded_of
from deploy.embedded.system import HEADS_KEY, MASTER_KEY, secrets_of, unconnected
from deploy.gateway.app import gateway_app
from deploy.gateway.table import table_of
from deploy.kafka.local import LocalKafka
from deploy.serving import Ending, listening, server_of
from shared.adapters.http.app import SECRET_BYTES, SECRET_FILE
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.logging import configure, get_logger
from shared.adapters.private_file import kept
from shared.adapters.settings import Settings
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock

PUBLIC_KEYS = "issuer.public.json"

_log = get_logger("suyuan.supervisor")


def run(settings: Settings, port: int, kafka: str | None) -> None:
    """Serve until SIGINT or SIGTERM. `kafka`: brokers to use, None for a local one. Raises EmbeddedError, PortTaken."""
    configure(settings)
    uvloop.run(_run(settings, listening(port), kafka))


async def _run(settings: Settings, place: socket.socket, kafka: str | None) -> None:
    """A database that dies is started again, and the services with it; a broker alone."""
    ending = Ending.of_this_task()
    clock = asyncio.get_running_loop().time
    deaths: list[float] = []
    async with _broker(settings.data_dir.absolute(), kafka) as brokers:
        while True:
            code = await _until_stopped(settings, place, brokers, ending)
            if code is None or ending.is_asked:  # perhaps while what the database had taken with it was ended
                return
            ending.server = None
            deaths = [at for at in deaths if clock() - at < DEATHS_SECONDS] + [clock()]
            if len(deaths) > DEATHS_ALLOWED:
                raise KeepsDying(ended_with=code)
            _log.error("the database stopped unexpectedly, starting again", exit_code=code)


async def _until_stopped(settings: Settings, place: socket.socket, kafka: KafkaSettings, ending: Ending) -> int | None:
    """None after a signal asked to stop; the database's exit code where it died."""
    folder = settings.data_dir.absolute()
    async with EmbeddedPostgres(folder / "postgres") as postgres, AsyncExitStack() as stack:
        for service in SERVICES:
            await ensure_service_database(postgres, service)
        _keep_secrets(settings)
        ports = _free_ports(len(SERVICES))
        services = {
            service: ServiceProcess(service, port, partial(_told, settings, kafka, postgres, service))
            for service, port in zip(SERVICES, ports, strict=True)
        }
        background = [asyncio.create_task(each.run(), name=each.service) for each in services.values()]
        background.append(asyncio.create_task(keep_shredded_of(postgres)))
        stack.push_async_callback(_ended, background)
        await asyncio.gather(*(each.answering() for each in services.values()))
        issuer = LocalIssuer(settings, system_clock)
        upstreams = {name: each.url for name, each in services.items()}
        server = server_of(gateway_app(table_of(unconnected(settings).values()), upstreams, settings, issuer=issuer))
        ending.serve(server)
        own = socket.socket(fileno=os.dup(place.fileno()))  # the server closes its socket, we keep the port
        serving = asyncio.create_task(server.serve(sockets=[own]))
        watching = asyncio.create_task(postgres.died())
        await server.answering()
        port = place.getsockname()[1]
        print(f"Kafka: {kafka.bootstrap}", flush=True)
        print(f"溯源已启动 · Suyuan is ready: http://127.0.0.1:{port}/  (接口文档 · API: /docs)", flush=True)
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            watching.cancel()
            await serving
            return None
        server.should_exit = server.force_exit = True
        await serving
        return watching.result()


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _broker(folder: Path, given: str | None) -> AsyncIterator[KafkaSettings]:
    """The Kafka that the services are to use. How to reach a given one, SUYUAN_KAFKA_* says."""
    if given is not None:
        yield KafkaSettings(bootstrap=given)
        return
    async with LocalKafka(folder / "kafka") as local:
        keeping = asyncio.create_task(_kept_up(local))
        try:
            yield KafkaSettings(bootstrap=local.bootstrap, replicas=1, min_insync=1)
        finally:
            await _ended([keeping])


async def _kept_up(local: LocalKafka) -> None:
    """A broker that dies is started again; the services wait for it meanwhile."""
    while True:
        died = await local.died()
        _log.error("the broker stopped unexpectedly, starting again", node=died.node, exit_code=died.exit_code)
        await local.start_node(died.node)


def _keep_secrets(settings: Settings) -> None:
    """Made at the first start: the keys, and the public half of the one that tokens are signed with."""
    folder = settings.data_dir.absolute()
    secrets_of(folder)
    kept(folder / SECRET_FILE, lambda: token_bytes(SECRET_BYTES), SECRET_BYTES)
    public = {"keys": [LocalIssuer(settings, system_clock).public_key()]}
    (folder / PUBLIC_KEYS).write_text(json.dumps(public))


def _told(settings: Settings, kafka: KafkaSettings, postgres: EmbeddedPostgres, service: str) -> dict[str, str]:
    """What a service's process is told: our own environment, its database, where secrets, blobs and Kafka are."""
    folder = settings.data_dir.absolute()
    told = {
        "mode": "distributed",
        "data_dir": folder,
        "master_key_file": folder / "keys" / MASTER_KEY,
        "heads_key_file": folder / "keys" / HEADS_KEY,
        "heads_dir": folder / "heads",
        "blobs_dir": folder / "blobs",
        "edge_secret_file": folder / SECRET_FILE,
        "jwks_file": folder / PUBLIC_KEYS,
        "kafka_bootstrap": kafka.bootstrap,
        "kafka_topic_prefix": kafka.topic_prefix,
        "kafka_replicas": kafka.replicas,
        "kafka_min_insync": kafka.min_insync,
    }
    common = {f"SUYUAN_{name.upper()}": str(value) for name, value in told.items()}
    return dict(os.environ) | common | _database(postgres, service) | armed(folder, service)


def _database(postgres: EmbeddedPostgres, service: str) -> dict[str, str]:
    return {
        "SUYUAN_DATABASE_URL": _url(postgres, service, f"suyuan_{service}"),
        "SUYUAN_MIGRATION_URL": _url(postgres, service, OWNER),
    }


def _url(postgres: EmbeddedPostgres, service: str, user: str) -> str:
    dsn = postgres.dsn(f"suyuan_{service}", user)
    return f"postgresql://{user}@/{dsn['database']}?host={quote(dsn['host'], safe='')}&port={dsn['port']}"


def _free_ports(count: int) -> list[int]:
    """Held all at once, so that they differ; somebody else may take one before its service does, which then says so."""
    held = [listening(0) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
