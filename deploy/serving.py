"""An ASGI application on a socket until a signal asks to stop: the same for the whole system and for one service."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import uvicorn

from deploy.slow_clients import PatientProtocol
from shared.kernel.errors import SuyuanError

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 20


@dataclass(eq=False, kw_only=True)
class PortTaken(SuyuanError):
    exit_code: ClassVar[int] = 20
    zh: ClassVar[str] = "端口 {port} 已被占用：请用 --port 换一个（0 为任意空闲端口）"
    en: ClassVar[str] = "Port {port} is taken: choose another with --port (0: any free one)"
    port: int


def listening(port: int, host: str = LOOPBACK) -> socket.socket:
    """A bound socket, before anything else is started. Raises PortTaken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortTaken(port=port) from error
        raise
    return made


class Server(uvicorn.Server):
    """Ends when asked and lets us end after it: uvicorn itself would raise the signal again before we could."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def end(self) -> None:
        """The first time what is in flight is finished; the second time it isn't waited for."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Who is asked to end in mid-start ends what it started: uvicorn would leave it there."""
        await super().startup(sockets)
        if self.started and self.should_exit:
            await self.shutdown(sockets)

    async def answering(self) -> None:
        """Return once it answers."""
        while not self.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)


def server_of(app: Any) -> Server:
    return Server(
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


class Ending:
    """SIGTERM: a server that serves ends politely, one that is still starting is cancelled, once, and cleans up.

    Unhandled it would end the process in mid-start and leave what it started running.
    """

    def __init__(self, starting: asyncio.Task[None]) -> None:
        self._starting = starting
        self._cancelled = False
        self.is_asked = False
        self.server: Server | None = None

    @classmethod
    def of_this_task(cls) -> Ending:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        ending = cls(task)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.ask)
        return ending

    def ask(self) -> None:
        self.is_asked = True
        if self.server is not None:
            self.server.end()
        elif not self._cancelled:
            self._cancelled = True
            self._starting.cancel()

    def serve(self, server: Server) -> None:
        """From now on it is the server that is asked, also by SIGINT."""
        self.server = server
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, server.end)
