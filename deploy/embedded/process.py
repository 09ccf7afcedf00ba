"""Processes that we start, Postgres above all, as the operating system and `postmaster.pid` tell of them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.02
ORPHAN_SECONDS = 10.0
SOCKET_PREFIX = "suyuan-pg-"
SHUTDOWN = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""Fast shutdown (roll back, checkpoint, end), then immediate (crash recovery at next start), kill: seconds each."""


@dataclass(frozen=True)
class Postmaster:
    """What a running, or killed, postmaster wrote into its data folder."""

    pid: int
    socket_folder: Path | None
    is_ready: bool

    @classmethod
    def of(cls, data: Path) -> Postmaster | None:
        """Read `postmaster.pid`: pid, data, start, port, socket folder, address, shared memory, status."""
        try:
            lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return None
        if not lines or not lines[0].strip().isdecimal():
            return None
        folder = Path(lines[4]) if len(lines) > 4 and lines[4] else None  # noqa: PLR2004 - fifth line
        return cls(int(lines[0]), folder, len(lines) > 7 and lines[7].strip() == "ready")  # noqa: PLR2004 - eighth


def serves(pid: int, data: Path, program: str = "postgres") -> bool:
    """Whether this pid is a living one of that program that works in this very folder: pids are given again."""
    try:
        running = (
            Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
        )  # the wheel was replaced meanwhile
        return running == program and Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:  # gone, a zombie, or somebody else's
        return False


async def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """Poll until it happened; False when `seconds` have passed."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not happened():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


async def shut_down(pid: int, ended: Callable[[], bool], steps: Sequence[tuple[int, float]] = SHUTDOWN) -> None:
    """End a process, ever less politely. `ended` says whether it is gone and that the pid is still its own."""
    for sign, seconds in steps:
        if ended():
            return
        os.kill(pid, sign)
        if await wait_until(ended, seconds):
            return


def serving(data: Path, program: str = "postgres") -> list[int]:
    """Every process of that program that works in this data folder, a postmaster's children too."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if serves(pid, data, program)]


async def clear_orphans(data: Path) -> None:
    """Stop what a killed server left on this folder, and remove what that can't remove any more.

    `postmaster.pid` goes last, when nobody works here: it is what keeps a new postmaster off living backends.
    """
    left = Postmaster.of(data)
    if left is None:
        return
    await shut_down(left.pid, lambda: not serves(left.pid, data))
    if not await wait_until(lambda: not serving(data), ORPHAN_SECONDS):  # children end by themselves, mostly
        for pid in serving(data):
            await shut_down(pid, lambda pid=pid: not serves(pid, data))  # type: ignore[misc]  # bound per pid
    remove_socket_folder(left.socket_folder)
    (data / "postmaster.pid").unlink(missing_ok=True)


def remove_socket_folder(folder: Path | None) -> None:
    if folder is not None and folder.name.startswith(SOCKET_PREFIX):  # never a folder that we didn't make
        shutil.rmtree(folder, ignore_errors=True)
