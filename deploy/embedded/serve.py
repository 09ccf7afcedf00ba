"""`python -m deploy run`: serve the whole system on loopback until a signal asks to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import uvicorn
import uvloop

from deploy.embedded.errors import EmbeddedError
from deploy.embedded.shredding import keep_shredded
from deploy.embedded.slow_clients import PatientProtocol
from deploy.embedded.system import embedded
from shared.adapters.collector import collect_rarely
from shared.adapters.failpoints import arm
from shared.adapters.http.app import build_app
from shared.adapters.logging import configure, get_logger
from shared.adapters.settings import Settings

GRACE_SECONDS = 20
DEATHS_ALLOWED = 5
DEATHS_SECONDS = 60.0
"""A database that dies more often than so within so long is not started again."""

_log = get_logger("suyuan.run")


@dataclass(eq=False, kw_only=True)
class PortTaken(EmbeddedError):
    exit_code: ClassVar[int] = 20
    zh: ClassVar[str] = "端口 {port} 已被占用：请用 --port 换一个（0 为任意空闲端口）"
    en: ClassVar[str] = "Port {port} is taken: choose another with --port (0: any free one)"
    port: int


@dataclass(eq=False, kw_only=True)
class KeepsDying(EmbeddedError):
    exit_code: ClassVar[int] = 21
    zh: ClassVar[str] = "数据库反复意外停止（退出码 {ended_with}）：已提交的内容都在，请查看数据文件夹中的 postgres.log"
    en: ClassVar[str] = (
        "The database keeps stopping (exit code {ended_with}): what was committed is there; see its postgres.log"
    )
    ended_with: int


class _Server(uvicorn.Server):
    """Ends when asked and lets us end after it: uvicorn itself would raise the signal again before we could."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def end(self) -> None:
        """The first time what is in flight is finished; the second time it isn't waited for."""
        self.force_exit = self.should_exit
        self.should_exit = True


def run(settings: Settings, port: int) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight is finished first. Raises EmbeddedError."""
    configure(settings)
    arm(settings.failpoint)
    uvloop.run(_serve(settings, listening(port)))


def listening(port: int) -> socket.socket:
    """A bound loopback socket, before anything else is started. Raises PortTaken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError as error:
        made.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortTaken(port=port) from error
        raise
    return made


class _Ending:
    """SIGTERM: a server that serves ends politely, one that is still starting is cancelled, once, and cleans up.

    Unhandled it would end the process in mid-start and leave its Postgres running.
    """

    def __init__(self, starting: asyncio.Task[None]) -> None:
        self._starting = starting
        self._asked = False
        self.server: _Server | None = None

    def ask(self) -> None:
        if self.server is not None:
            self.server.end()
        elif not self._asked:
            self._asked = True
            self._starting.cancel()


async def _serve(settings: Settings, place: socket.socket) -> None:
    """A database that dies is started again, with everything on it; one that keeps dying is given up."""
    clock = asyncio.get_running_loop().time
    deaths: list[float] = []
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    ending = _Ending(task)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.ask)
    while True:
        code = await _serve_until_stopped(settings, place, ending)
        ending.server = None
        if code is None:
            return
        deaths = [at for at in deaths if clock() - at < DEATHS_SECONDS] + [clock()]
        if len(deaths) > DEATHS_ALLOWED:
            raise KeepsDying(ended_with=code)
        _log.error("the database stopped unexpectedly, starting again", exit_code=code)


async def _serve_until_stopped(settings: Settings, place: socket.socket, ending: _Ending) -> int | None:
    """None after a signal asked to stop; the database's exit code where it died."""
    async with embedded(settings) as system:
        app = build_app(list(system.runtimes.values()), settings)
        collect_rarely()
        server = _Server(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                log_config=None,
                access_log=False,
                lifespan="on",
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        ending.server = server
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, server.end)
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


async def _announce(server: uvicorn.Server, place: socket.socket) -> None:
    """Say where it is once it answers."""
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    port = place.getsockname()[1]
    print(f"溯源已启动 · Suyuan is ready: http://127.0.0.1:{port}/  (接口文档 · API: /docs)", flush=True)
    print("获取令牌 · get a token: .venv/bin/python -m deploy token --role quality_engineer", flush=True)
