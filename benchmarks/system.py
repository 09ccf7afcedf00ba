"""The whole system as a person starts it: `python -m deploy run` in a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from shared.contracts.catalogue import SERVICES

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Started:
    """`seconds` from the process's start to the first line that says it is ready."""

    seconds: float
    process: psutil.Process

    def resident(self) -> float:
        """MiB of the Python process."""
        return float(self.process.memory_info().rss / MIB)

    def resident_postgres(self) -> float:
        """MiB of Postgres with its backends; shared pages are counted once, by proportional set size."""
        return float(sum(child.memory_full_info().pss for child in self.process.children(recursive=True)) / MIB)


def missing() -> list[str]:
    """The services that can't be started yet."""
    return [service for service in SERVICES if find_spec(f"services.{service}.main") is None]


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Started]:
    start = time.perf_counter()
    words = ("-m", "deploy", "run", "--port", "0", "--data-dir", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        assert "http://" in line.decode(), f"it did not start: {line.decode()}"
        yield Started(time.perf_counter() - start, psutil.Process(process.pid))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
