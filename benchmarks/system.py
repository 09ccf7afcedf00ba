"""The whole system as a person starts it: `python -m deploy run` in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from deploy.chaos.run import UNCOUNTED
from shared.contracts.catalogue import SERVICES

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Started:
    """`seconds` from the process's start to the first line that says it is ready."""

    seconds: float
    process: psutil.Process
    url: str

    def resident(self) -> float:
        """MiB of the Python process."""
        return float(self.process.memory_info().rss / MIB)

    def resident_services(self) -> dict[str, float]:
        """MiB of each service's own process, where each has one."""
        lines = [(child, child.cmdline()) for child in self.process.children(recursive=True)]
        return {
            line[4]: float(child.memory_info().rss / MIB) for child, line in lines if line[2:4] == ["deploy", "serve"]
        }

    def resident_postgres(self) -> float:
        """MiB of Postgres with its backends; shared pages are counted once, by proportional set size."""
        return float(sum(child.memory_full_info().pss for child in self.process.children(recursive=True)) / MIB)


def missing() -> list[str]:
    """The services that can't be started yet."""
    return [service for service in SERVICES if find_spec(f"services.{service}.main") is None]


@asynccontextmanager
async def started(folder: Path, *more: str) -> AsyncIterator[Started]:
    """`more`: further words of `deploy run`. Nobody's requests are counted."""
    start = time.perf_counter()
    words = ("-m", "deploy", "run", "--port", "0", "--data-dir", str(folder), *more)
    environment = {**os.environ, **UNCOUNTED}
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE, stderr=DEVNULL, env=environment)
    assert process.stdout is not None
    try:
        found = None
        while found is None:
            line = (await process.stdout.readline()).decode()
            assert line, "it did not start"
            found = re.search(r"http://[\d.]+:\d+", line)
        yield Started(time.perf_counter() - start, psutil.Process(process.pid), found[0])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
