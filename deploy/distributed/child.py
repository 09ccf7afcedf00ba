"""A service's process as its supervisor sees it: started, watched, started again when it dies, asked to end."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from shared.adapters.logging import get_logger

ROOT = Path(__file__).parents[2]
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
"""Waits between two starts double from the first to the longest."""
STEADY_SECONDS = 60.0
"""Who ran so long begins at the first wait again."""
STOP_SECONDS = 25.0
LOOK_SECONDS = 0.1

_log = get_logger("suyuan.supervisor")


def armed_file(folder: Path, service: str) -> Path:
    """Where chaos writes at which failpoint the service's next process is to die."""
    return folder / "failpoints" / service


def armed(folder: Path, service: str) -> dict[str, str]:
    """Once: the process after that one lives."""
    file = armed_file(folder, service)
    if not file.exists():
        return {}
    order = file.read_text()
    file.unlink()
    return {"SUYUAN_FAILPOINT": order}


class ServiceProcess:
    """`run` keeps it alive until cancelled, then ends it. `environment` is asked for at each start."""

    def __init__(self, service: str, port: int, environment: Callable[[], Mapping[str, str]]) -> None:
        self.service = service
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._environment = environment
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        wait = FIRST_SECONDS
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                code = await self._lived()
            finally:
                await self._end()
            wait = FIRST_SECONDS if clock() - began > STEADY_SECONDS else wait
            _log.error("service ended, starting again", of=self.service, exit_code=code, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_SECONDS)

    async def answering(self) -> None:
        """Return once it answers."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            while True:
                try:
                    (await client.get("/health/live")).raise_for_status()
                except httpx.HTTPError:
                    await asyncio.sleep(LOOK_SECONDS)
                else:
                    return

    async def _lived(self) -> int:
        """Its exit code, negative where a signal ended it."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "deploy",
            "serve",
            self.service,
            "--port",
            str(self.port),
            "--with-parent",
            cwd=ROOT,
            env=dict(self._environment()),
            stdin=PIPE,  # it ends when this end is gone, whatever became of us
        )
        return await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
