"""`python -m deploy run`: serve the whole system on loopback until a signal asks to stop."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass
from typing import ClassVar

import uvloop

from deploy.embedded.errors import EmbeddedError
from deploy.embedded.shredding import keep_shredded
from deploy.embedded.system import embedded
from deploy.serving import Ending, Server, listening, server_of
from shared.adapters.collector import collect_rarely
from shared.adapters.failpoints import arm
from shared.adapters.http.app import build_app
from shared.adapters.logging import configure, get_logger
from shared.adapters.settings import Settings

DEATHS_ALLOWED = 5
DEATHS_SECONDS = 60.0
"""A database that dies more often than so within so long is not started again."""

_log = get_logger("suyuan.run")


@dataclass(eq=False, kw_only=True)
class KeepsDying(EmbeddedError):
    exit_code: ClassVar[int] = 21
    zh: ClassVar[str] = "数据库反复意外停止（退出码 {ended_with}）：已提交的内容都在，请查看数据文件夹中的 postgres.log"
    en: ClassVar[str] = (
        "The database keeps stopping (exit code {ended_with}): what was committed is there; see its postgres.log"
    )
    ended_with: int


def run(settings: Settings, port: int) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight is finished first. Raises EmbeddedError."""
    configure(settings)
    arm(settings.failpoint)
    uvloop.run(_serve(settings, listening(port)))


async def _serve(settings: Settings, place: socket.socket) -> None:
    """A database that dies is started again, with everything on it; one that keeps dying is given up."""
    clock = asyncio.get_running_loop().time
    deaths: list[float] = []
    ending = Ending.of_this_task()
    while True:
        code = await _serve_until_stopped(settings, place, ending)
        if code is None or ending.is_asked:  # perhaps while what the database had taken with it was ended
            return
        ending.server = None
        deaths = [at for at in deaths if clock() - at < DEATHS_SECONDS] + [clock()]
        if len(deaths) > DEATHS_ALLOWED:
            raise KeepsDying(ended_with=code)
        _log.error("the database stopped unexpectedly, starting again", exit_code=code)


async def _serve_until_stopped(settings: Settings, place: socket.socket, ending: Ending) -> int | None:
    """None after a signal asked to stop; the database's exit code where it died."""
    async with embedded(settings) as system:
        app = build_app(list(system.runtimes.values()), settings)
        collect_rarely()
        server = server_of(app)
        ending.serve(server)
        own = socket.socket(fileno=os.dup(place.fileno()))  # the server closes its socket, we keep the port
        serving = asyncio.create_task(server.serve(sockets=[own]))
        announcing = asyncio.create_task(_announce(server, place))
        watching = asyncio.create_task(system.postgres.died())
        shredding = asyncio.create_task(keep_shredded(system.postgres, system.runtimes))
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        announcing.cancel()
        shredding.cancel()
        if serving.done():
            watching.cancel()
            await serving
            return None
        server.should_exit = True
        server.force_exit = True
        await serving
        return watching.result()


async def _announce(server: Server, place: socket.socket) -> None:
    """Say where it is once it answers."""
    await server.answering()
    port = place.getsockname()[1]
    print(f"溯源已启动 · Suyuan is ready: http://127.0.0.1:{port}/  (接口文档 · API: /docs)", flush=True)
    print("获取令牌 · get a token: .venv/bin/python -m deploy token --role quality_engineer", flush=True)
