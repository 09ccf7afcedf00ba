"""Serve one port before the four service processes."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

import uvloop

from deploy.cli import Arguments
from deploy.embedded.system import unconnected
from deploy.gateway.app import gateway_app
from deploy.gateway.table import table_of
from deploy.serving import LOOPBACK, Ending, listening, server_of
from deploy.settings import embedded_settings
from shared.adapters.logging import configure
from shared.contracts.catalogue import SERVICES

DEFAULT_PORT = 8080


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--upstream",
        action="append",
        type=_upstream,
        default=[],
        metavar="SERVICE=URL",
        help="服务的地址，如 intake=http://127.0.0.1:8001，可多次 · where a service is, may be repeated",
    )
    parser.add_argument("--host", default=LOOPBACK, help="监听地址 · the address to listen on")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="端口，0 为任意空闲端口 · the port, 0 for any free one"
    )


def run(arguments: Arguments) -> None:
    """A service that isn't named is away."""
    uvloop.run(_serve(arguments))


async def _serve(arguments: Arguments) -> None:
    ending = Ending.of_this_task()
    settings = embedded_settings(mode="embedded")  # no secret of the services is needed here
    configure(settings)
    app = gateway_app(table_of(unconnected(settings).values()), dict(arguments.upstream), settings)
    server = server_of(app)
    ending.serve(server)
    place = listening(arguments.port, arguments.host)
    print(f"网关已启动 · the gateway is ready: http://{arguments.host}:{place.getsockname()[1]}/", flush=True)
    await server.serve(sockets=[place])


def _upstream(told: str) -> tuple[str, str]:
    service, _, url = told.partition("=")
    if service not in SERVICES or not url.startswith("http://"):
        raise ArgumentTypeError(f"{told}: SERVICE=http://…, SERVICE: {', '.join(SERVICES)}")
    return service, url
